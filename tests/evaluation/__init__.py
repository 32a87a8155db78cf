"""Tests of tfgan_ref.evaluation."""
