"""Everything around a training step: run directory, checkpoints, schedules, callbacks, a plain loop."""

from tfgan_ref.training.checkpoints import Checkpoints
from tfgan_ref.training.loop import train
from tfgan_ref.training.run_directory import RunDirectory
from tfgan_ref.training.schedules import make_schedule

__all__ = ["Checkpoints", "RunDirectory", "make_schedule", "train"]
