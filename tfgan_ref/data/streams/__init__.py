"""Data that stay on disk: rows of an array that are read when a batch needs them."""
