"""Pairs of pictures: readers, and the squares that are cut from them."""
