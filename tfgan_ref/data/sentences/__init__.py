"""Labelled sentences: where they are read from, and words as numbers."""
