"""Generators and discriminators of sequences: sound, sentences, voices, frames."""
