"""The animation that a run ends with: some pictures whose latents go round."""

from pathlib import Path

import numpy as np

from tfgan_ref import plotting
from tfgan_ref.files import write_bytes
from tfgan_ref.run.sample import Sampler
from tfgan_ref.run.walks import round_trips

PICTURES, COLUMNS = 10, 5
MOST_PIXELS = 2**19  # of all pictures of a frame: of large ones there are fewer
KEYS, LEG = 3, 16  # latents that each goes through, and frames from one to the next
MILLISECONDS = 60
SIDE = 56  # pixels: smaller pictures are enlarged


def write_walk(sampler: Sampler, path: Path) -> None:
    """Writes a WebP animation of pictures from seed 0, of every class in turn.

    That draws at most ``PICTURES * KEYS * LEG`` samples, as many as a dozen training steps.
    """
    height, width, _ = sampler.sample_shape
    n = max(1, min(PICTURES, MOST_PIXELS // (height * width)))
    keys = sampler.latents(KEYS * n, seed=0).reshape(KEYS, n, -1).transpose(1, 0, 2)
    labels = None if sampler.num_classes is None else np.arange(n) % sampler.num_classes
    points, _ = round_trips(keys, LEG)
    # All at once: a call for each frame would take twice as long.
    everywhere = None if labels is None else np.tile(labels, len(points))
    drawn = sampler.draw(points.reshape(-1, sampler.latent_dim), everywhere)
    enlarge = max(1, SIDE // width)
    frames = (
        plotting.grid(images, min(n, COLUMNS), enlarge=enlarge)
        for images in drawn.reshape(len(points), n, *sampler.sample_shape)
    )
    write_bytes(path, plotting.encode_animation(frames, "WEBP", MILLISECONDS))
