"""Our pipeline: pictures of a folder as uint8 batches, from their files or from the cache of decoded ones."""

from collections.abc import Iterator

from throughput_peers.requests import Requests

import tfgan_ref  # noqa: F401 (it sets the environment, so it comes before TensorFlow)
from tfgan_ref import data
from tfgan_ref.data.images.arrays import image_loader


def files(requests: Requests, folder: str, side: int, batch_size: int, cache: str) -> Iterator[object]:
    """Yields batches, decoded from the files."""
    return _batches(requests, folder, side, batch_size, None)


def cache(requests: Requests, folder: str, side: int, batch_size: int, cache: str) -> Iterator[object]:
    """Yields batches from the cache, which is written if it is not there."""
    return _batches(requests, folder, side, batch_size, cache)


def _batches(
    requests: Requests, folder: str, side: int, batch_size: int, cache: str | None
) -> Iterator[object]:
    arrays = data.read(f"folder:{folder}", image_size=side, stream="on", cache=cache)
    requests.start()
    # As they are handed to a device, which scales them.
    yield from image_loader(arrays, batch_size, seed=0).dataset(last_part="gather")
