"""``tfgan project`` in a clone: finds the latents of pictures."""

from tfgan_ref import cli

if __name__ == "__main__":
    cli.run(cli.call, "project")
