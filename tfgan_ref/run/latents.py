"""Files of latents, which the command ``project`` writes and ``sample`` reads."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfgan_ref.data.images.array_forms import unreadable
from tfgan_ref.errors import InputError

if TYPE_CHECKING:
    from tfgan_ref.run.sample import Sampler


def read_latents(file: Path, sampler: "Sampler") -> tuple[np.ndarray, np.ndarray | None]:
    """Reads latents, and labels if there are such, from an npz file, or latents alone from an npy file.

    Raises:
        InputError: it cannot be read, or is not for this generator.
    """
    try:
        loaded = np.load(file, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            given = {"latents": loaded}
        else:
            with loaded:
                given = {name: loaded[name] for name in ("latents", "labels") if name in loaded}
    except Exception as error:  # damaged files make NumPy raise almost anything
        raise unreadable(str(file), error) from error
    latents, labels = given.get("latents"), given.get("labels")
    dim = sampler.latent_dim
    if latents is None or latents.ndim != 2 or latents.shape[1] != dim or not len(latents):
        there = "no latents" if latents is None else f"latents of shape {latents.shape}"
        raise InputError(f"{file} has {there}: needed are (N, {dim})")
    if latents.dtype.kind != "f" or not np.isfinite(latents).all():
        raise InputError(f"{file}: latents must be finite floating-point numbers")
    if sampler.num_classes is None:
        return latents.astype(np.float32), None
    if labels is not None and not (
        labels.shape == latents.shape[:1]
        and labels.dtype.kind in "iu"
        and ((labels >= 0) & (labels < sampler.num_classes)).all()
    ):
        raise InputError(
            f"{file}: labels must be a whole number from 0 to {sampler.num_classes - 1} for each"
        )
    return latents.astype(np.float32), labels
