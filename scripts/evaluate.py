"""``tfgan evaluate`` in a clone: scores a run, a SavedModel or any images against real data."""

from tfgan_ref import cli

if __name__ == "__main__":
    cli.run(cli.call, "evaluate")
