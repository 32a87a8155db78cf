"""The fixed feature networks against PyTorch's, on random weights; `make parity` runs it."""
