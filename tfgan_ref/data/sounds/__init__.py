"""Sound recordings: readers, synthesised vowels, spectrograms and the vocoder."""
