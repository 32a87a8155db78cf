"""PyTorch's DataLoader with two workers over pictures that Pillow decodes, as in its tutorials."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from throughput_peers.requests import Requests

WORKERS = 2


class Pictures(torch.utils.data.Dataset):
    """Pictures of a folder as uint8 tensors (3, H, W)."""

    def __init__(self, folder: str) -> None:
        self.paths = sorted(str(path) for path in Path(folder).rglob("*.jpg"))

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, number: int) -> torch.Tensor:
        with Image.open(self.paths[number]) as image:
            return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)


def run(requests: Requests, folder: str, side: int, batch_size: int, cache: str) -> Iterator[object]:
    """Yields batches, uint8 (batch_size, 3, side, side)."""
    torch.set_num_threads(1)
    loader = torch.utils.data.DataLoader(
        Pictures(folder),
        batch_size=batch_size,
        shuffle=True,
        num_workers=WORKERS,
        persistent_workers=True,
        drop_last=True,
    )
    requests.start()
    while True:
        yield from loader
