"""``tfgan report`` in a clone: writes a page for a browser on a run, or on several runs beside each other."""

from tfgan_ref import cli

if __name__ == "__main__":
    cli.run(cli.call, "report")
