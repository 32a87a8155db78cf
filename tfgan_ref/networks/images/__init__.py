"""Generators and discriminators of single images."""
