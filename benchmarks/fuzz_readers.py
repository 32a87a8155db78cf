"""What fuzz.py feeds: every reader of files, with small sound files of its kind to start from."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Reader:
    """One reader.

    Attributes:
        seeds: contents of sound files.
        place: where the mutated content is written, under a folder of its own.
        read: reads what was written, given that folder; raises InputError, or returns.
    """

    seeds: tuple[bytes, ...]
    place: str
    read: Callable[[Path], object]


def _pictures() -> tuple[bytes, ...]:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 16, 3), np.uint8)
    seeds = []
    for kind, mode in (("PNG", "RGB"), ("JPEG", "L"), ("GIF", "P"), ("TIFF", "RGB"), ("BMP", "RGB")):
        buffer = io.BytesIO()
        Image.fromarray(pixels).convert(mode).save(buffer, kind)
        seeds.append(buffer.getvalue())
    return tuple(seeds)


def _npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    compressed = io.BytesIO()
    np.savez_compressed(compressed, **arrays)
    return buffer.getvalue() if arrays.get("plain") is None else compressed.getvalue()


def _idx() -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 8, 8), np.uint8)
    header = bytes([0, 0, 8, 3]) + b"".join(side.to_bytes(4, "big") for side in pixels.shape)
    return header + pixels.tobytes()


def _npy() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.random.default_rng(0).integers(0, 256, (4, 8, 8), np.uint8))
    return buffer.getvalue()


def _archive(pictures: tuple[bytes, ...], method: int, classes: bool = False) -> bytes:
    """A zip archive of two folders of pictures; with ``classes`` their labels are in a dataset.json."""
    buffer = io.BytesIO()
    names = [f"{number % 2}/{number}" for number in range(len(pictures))]
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, picture in zip(names, pictures, strict=True):
            kind = Image.open(io.BytesIO(picture)).format
            archive.writestr(f"{name}.{kind.lower()}", picture)
        if classes:
            labels = [[name, number % 3] for number, name in enumerate(archive.namelist())]
            archive.writestr("dataset.json", json.dumps({"labels": labels}))
    return buffer.getvalue()


def _records(pictures: tuple[bytes, ...], folder: Path) -> bytes:
    """A TFRecord file of pictures with classes."""
    import tensorflow as tf

    path = folder / "sound.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as file:
        for number, picture in enumerate(pictures):
            image = tf.train.Feature(bytes_list=tf.train.BytesList(value=[picture]))
            label = tf.train.Feature(int64_list=tf.train.Int64List(value=[number % 3]))
            features = tf.train.Features(feature={"image": image, "label": label})
            file.write(tf.train.Example(features=features).SerializeToString())
    return path.read_bytes()


def _wav() -> bytes:
    from tfgan_ref.data.sounds.wav import encode_wav

    return encode_wav(np.sin(np.arange(2000) / 9).astype(np.float32), 8000)


def readers(folder: Path) -> dict[str, Reader]:
    """Returns all of them by name; ``folder`` is for what a reader needs beside its file."""
    from tfgan_ref import __version__, data
    from tfgan_ref.data.sentences.sources import read_sentences
    from tfgan_ref.data.sounds.sources import read_waves
    from tfgan_ref.recipes import build_gan, find_recipe
    from tfgan_ref.run import build
    from tfgan_ref.training.callbacks import read_best
    from tfgan_ref.training.checkpoints import Checkpoints
    from tfgan_ref.training.csv_table import CSVTable
    from tfgan_ref.training.run_directory import RunDirectory

    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (4, 8, 8, 1), np.uint8)
    recipe = find_recipe("gan")
    settings = recipe.settings(depth=1, latent_dim=2)
    shape = build.DataShape((4, 4, 1), None)
    gan = build_gan(recipe, settings, shape)
    saved = Checkpoints(folder / "sound", gan).save()
    config = {
        "recipe": "gan",
        "settings": {"steps": 10, "learning_rate": 1e-3, "deterministic": True},
        "data": {
            "fingerprint": "x",
            "sample_shape": [4, 4, 1],
            "num_classes": None,
            "names": {"label": ["a"]},
        },
        "versions": {"tfgan_ref": __version__},
    }
    found = {
        "picture": Reader(_pictures(), "picture.png", lambda path: data.read_picture(path / "picture.png")),
        "npz": Reader(
            (_npz(images=images, labels=np.arange(4)), _npz(images=images[..., 0] / 255.0, plain=np.ones(1))),
            "data.npz",
            lambda path: data.read(f"npz:{path / 'data.npz'}"),
        ),
        "npzpairs": Reader(
            (_npz(a=images, b=images),),
            "pairs.npz",
            lambda path: data.read_pairs(f"npzpairs:{path / 'pairs.npz'}:a:b"),
        ),
        "idx": Reader((_idx(),), "train-images-idx3-ubyte", lambda path: data.read(f"idx:{path}")),
        "wav": Reader((_wav(),), "a/one.wav", lambda path: read_waves(f"wav:{path}", length=1000)),
        "tsv": Reader(
            (b"weather\tit rains today\nfood\ta warm soup\n" * 4,),
            "data.tsv",
            lambda path: read_sentences(f"tsv:{path / 'data.tsv'}"),
        ),
        "config.json": Reader(
            (json.dumps(config).encode(),),
            "config.json",
            lambda path: build.parse_config(RunDirectory.open(path)),
        ),
        "metrics.csv": Reader(
            (b"step,seconds,d_loss\n" + b"".join(b"%d,%d.25,0.7\n" % (n, n) for n in range(9)),),
            "metrics.csv",
            lambda path: CSVTable(path / "metrics.csv", up_to_step=5),
        ),
        "best.json": Reader(
            (json.dumps({"step": 500, "metric": "fid", "value": 12.5}, indent=2).encode(),),
            "best.json",
            lambda path: read_best(path / "best.json"),
        ),
    }
    pictures = _pictures()[:3]
    archives = (
        _archive(pictures, zipfile.ZIP_STORED),
        _archive(pictures, zipfile.ZIP_DEFLATED),
        _archive(pictures, zipfile.ZIP_STORED, classes=True),
    )
    found |= {
        "picture on disk": _on_disk(pictures, "picture.png", "folder:{folder}"),
        "zip on disk": _on_disk(archives, "data.zip", "zip:{folder}/data.zip"),
        "tfrecord on disk": _on_disk(
            (_records(pictures, folder),), "data.tfrecord", "tfrecord:{folder}/data.tfrecord"
        ),
        "npz on disk": _on_disk(found["npz"].seeds, "data.npz", "npz:{folder}/data.npz"),
        "npy on disk": _on_disk((_npy(),), "data.npy", "npy:{folder}/data.npy"),
        "idx on disk": _on_disk(found["idx"].seeds, found["idx"].place, "idx:{folder}"),
    }
    for part in sorted(saved.iterdir()):
        found[f"checkpoint {part.name}"] = _checkpoint_part(saved, part, gan)
    return found


def _on_disk(seeds: tuple[bytes, ...], place: str, name: str) -> Reader:
    """The reader of images that stay on disk: it opens them, and reads all."""
    from tfgan_ref import data

    def read(path: Path) -> object:
        return data.read(name.format(folder=path), image_size=8, stream="on").images[:]

    return Reader(seeds, place, read)


def _checkpoint_part(saved: Path, part: Path, gan: object) -> Reader:
    """The reader of checkpoints, with one of their files mutated."""
    from tfgan_ref.training.checkpoints import Checkpoints

    others = {other.name: other.read_bytes() for other in saved.iterdir() if other != part}

    def read(path: Path) -> object:
        for name, content in others.items():
            other = path / saved.name / name
            if not other.exists():
                other.write_bytes(content)
        return Checkpoints(path, gan).restore()

    return Reader((part.read_bytes(),), f"{saved.name}/{part.name}", read)
