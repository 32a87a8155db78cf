"""What each command does, one file per command; ``scripts/`` and ``tfgan`` call them."""
