"""Image data sets: where they are read from, and what they are in memory."""
