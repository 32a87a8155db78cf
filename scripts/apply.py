"""``tfgan apply`` in a clone: applies a translator to files: pictures or recordings."""

from tfgan_ref import cli

if __name__ == "__main__":
    cli.run(cli.call, "apply")
