"""Image data sets: readers, and images in memory."""
