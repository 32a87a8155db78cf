"""Tests of tfgan_ref.media."""
