"""Tests of tfgan_ref.gans."""
