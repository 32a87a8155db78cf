"""Tests of tfgan_ref.networks."""
