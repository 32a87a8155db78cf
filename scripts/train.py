"""``tfgan train`` in a clone: trains a recipe in a run directory, or continues a run."""

from tfgan_ref import cli

if __name__ == "__main__":
    cli.run(cli.call, "train")
