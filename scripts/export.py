"""``tfgan export`` in a clone: exports the averaged generator of a run as a SavedModel."""

from tfgan_ref import cli

if __name__ == "__main__":
    cli.run(cli.call, "export")
