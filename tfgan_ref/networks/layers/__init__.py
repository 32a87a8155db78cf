"""Layers and small builders that the networks share."""
