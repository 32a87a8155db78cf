"""Tests of tfgan_ref.metrics."""
