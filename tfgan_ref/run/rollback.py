"""Rates at which a run goes on from its last checkpoint: the setting ``on_divergence=rollback``."""

import logging
from typing import Any

from tfgan_ref.errors import TrainingDiverged
from tfgan_ref.recipes.settings import Settings
from tfgan_ref.training.run_directory import RunDirectory

logger = logging.getLogger(__name__)
MOST = 3  # rollbacks of a run
FACTOR = 0.5  # of the learning rates, each time
RATES = ("learning_rate", "d_learning_rate")


def lower_rates(run: RunDirectory, settings: Settings, error: TrainingDiverged) -> dict[str, Any]:
    """Returns the learning rates with which a run that diverged goes on, and notes them in ``config.json``.

    Raises:
        TrainingDiverged: ``error``, if the settings say "stop" or the run was rolled back ``MOST`` times.
    """
    before = run.config().get("rollbacks", [])
    if settings.on_divergence == "stop" or len(before) >= MOST:
        raise error
    rates = {key: FACTOR * rate for key in RATES if (rate := getattr(settings, key, None)) is not None}
    run.note_rollback({"diverged": error.what, **rates})
    shown = ", ".join(f"{key}={rate:g}" for key, rate in rates.items())
    logger.warning("%s: rollback %d of %d, going on with %s", error.what, len(before) + 1, MOST, shown)
    return rates
