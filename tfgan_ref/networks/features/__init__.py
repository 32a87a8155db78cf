"""Pretrained feature networks and the readers of their weight files."""
