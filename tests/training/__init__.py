"""Tests of tfgan_ref.training."""
