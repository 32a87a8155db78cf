"""``tfgan sample`` in a clone: draws samples from a run or a SavedModel."""

from tfgan_ref import cli

if __name__ == "__main__":
    cli.run(cli.call, "sample")
