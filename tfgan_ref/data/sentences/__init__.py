"""Labelled sentences: readers, an embedded grammar, and words as numbers."""
