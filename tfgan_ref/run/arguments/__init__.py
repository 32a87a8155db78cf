"""The command-line arguments of each command; importing them does not import TensorFlow."""
