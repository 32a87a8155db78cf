"""Networks that make or judge sequences: sound, sentences, voices, frames."""
