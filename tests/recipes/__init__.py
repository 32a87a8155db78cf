"""Tests of tfgan_ref.recipes."""
