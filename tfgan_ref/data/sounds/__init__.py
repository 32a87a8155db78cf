"""Recordings: where they are read from, synthesised vowels, spectrograms and the vocoder."""
