"""``python -m tfgan_ref`` is the command ``tfgan``."""

from tfgan_ref import cli

if __name__ == "__main__":
    cli.main()
