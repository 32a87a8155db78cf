"""Pairs of pictures: where they are read from, and the squares that are cut from them."""
