"""``tfgan compare`` in a clone: trains and scores several recipes, or values of a setting, alike."""

from tfgan_ref import cli

if __name__ == "__main__":
    cli.run(cli.call, "compare")
