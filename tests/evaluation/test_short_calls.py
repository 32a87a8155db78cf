"""Training in short calls: all steps are done, what is said meanwhile, and an interruption in between."""

import logging

import pytest

from tfgan_ref.evaluation.short_calls import STEPS_PER_CALL, run_in_short_calls


def test_all_steps_are_done_and_said(caplog):
    caplog.set_level(logging.INFO, "tfgan_ref")
    counts = []
    run_in_short_calls(lambda count: counts.append(int(count)), 101, "judge")
    assert sum(counts) == 101
    assert max(counts) == STEPS_PER_CALL
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        f"judge: {step} of 101 steps" for step in (30, 50, 70, 90)
    ]  # the first calls past each fifth


def test_ctrl_c_is_not_kept_waiting():
    counts = []

    def interrupted(count):
        counts.append(int(count))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_in_short_calls(interrupted, 1000, "judge")
    assert sum(counts) <= 20
