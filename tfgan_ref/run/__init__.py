"""The code of each command, one file per command; ``scripts/`` and ``tfgan`` call it."""
