"""Sound as output: SavedModels, WAV files, and a sheet of spectrograms to look at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from tfgan_ref import plotting
from tfgan_ref.data.pipeline import DataShape
from tfgan_ref.data.sounds.spectrograms import spectrogram_pictures
from tfgan_ref.data.sounds.wav import encode_wav
from tfgan_ref.errors import InputError, check_at_least, check_seed
from tfgan_ref.export.generator import (
    IN_TURN,
    SAMPLE_OF_CLASS,
    ExportedGenerator,
    labels_of,
    positive,
    read_texts,
    texts,
    write_saved_model,
)
from tfgan_ref.files import check_writable, new_folder
from tfgan_ref.gans import GenerativeModel
from tfgan_ref.media import usage
from tfgan_ref.media.medium import (
    Drawing,
    Medium,
    class_labels,
    drawing,
    drawing_of_saved_model,
    file_stem,
    shown_in_sheet,
)

SHEET = "spectrograms.png"


class ExportedSound(ExportedGenerator):
    """The functions of an exported conditional generator of sound.

    ``sample(n, seed)`` and ``sample(n, seed, label)`` are those of ``ExportedGenerator``, of sound: float32
    (n, T) in [-1, 1]. ``sample_rate`` and ``class_names`` say what it is of.
    """

    def __init__(self, gan: GenerativeModel, shape: DataShape) -> None:
        super().__init__(gan.sampling_generator)
        self.num_classes = gan.num_classes
        self.sample_rate = tf.Variable(sample_rate_of(shape), trainable=False)
        self.class_names = texts(shape.names["classes"])

    def serve(self, *inputs: tf.Tensor) -> tf.Tensor:
        """Maps latents (N, latent_dim) and labels (N,) to sound (N, T, 1) in [-1, 1]."""
        return self.generator(list(inputs), training=False)

    @tf.function(input_signature=SAMPLE_OF_CLASS, autograph=False)
    def sample(self, n: tf.Tensor, seed: tf.Tensor, label: tf.Tensor = IN_TURN) -> tf.Tensor:
        """Draws ``n`` sounds: of the class ``label``, of one for each, or of every class in turn."""
        n = positive(n)
        return self.draw(n, seed, labels_of(n, label, self.num_classes))[..., 0]


def export_sound(gan: GenerativeModel, path: Path, shape: DataShape) -> None:
    """Writes the averaged generator as a SavedModel with ``sample`` and ``serving_default``.

    Raises:
        InputError: ``path`` exists.
    """
    module = ExportedSound(gan, shape)
    write_saved_model(module, path, {"serving_default": _served(module)})


def _served(module: ExportedSound) -> Callable[..., dict[str, tf.Tensor]]:
    signature = [
        tf.TensorSpec((None, module.latent_dim), tf.float32, name="latents"),
        tf.TensorSpec((None,), tf.int32, name="label"),
    ]
    return tf.function(
        lambda latents, label: {"audio": module.serve(latents, label)[..., 0]},
        input_signature=signature,
        autograph=False,
    )


@dataclass(frozen=True)
class SoundWriter:
    """Writes WAV files and their spectrograms.

    Attributes:
        draw: (n, seed, labels (n,)) to sounds (n, T) in [-1, 1], some at a time.
        class_names: what the labels stand for.
        sample_rate: per second.
    """

    draw: Drawing
    class_names: tuple[str, ...]
    sample_rate: int

    def sample(self, n: int, seed: int = 0, label: int | str | None = None) -> np.ndarray:
        """Draws ``n`` sounds: float32 (n, T) in [-1, 1].

        Args:
            n: number of sounds.
            seed: from 0 to 2147483647; the same sounds for the same seed.
            label: a class by its name or number; None: every class in turn.

        Raises:
            InputError: an argument cannot be used.
        """
        check_at_least(1, n=n)
        check_seed(seed)
        labels = (
            np.arange(n) % len(self.class_names)
            if label is None
            else class_labels(n, label, self.class_names)
        )
        return np.concatenate(list(self.draw(n, seed, labels)))

    def write(self, n: int, seed: int, label: str | None, out: Path | None) -> str:
        """Draws ``n`` sounds into the new folder ``out`` (``sounds``): WAV files and a sheet.

        Args:
            n: number of sounds, at least 1.
            seed: from 0 to 2147483647.
            label: a class by its name or number; None or "all": every class in order, equally often or once
                more.
            out: a folder that does not exist.

        Returns:
            The folder.

        Raises:
            InputError: no such class, ``seed`` is out of range, or ``out`` exists or cannot be made.
        """
        check_seed(seed)
        labels = class_labels(n, label, self.class_names)
        out = out or Path("sounds")
        check_writable(out)
        if out.exists():
            raise InputError(f"{out} exists: name another folder with --out")
        shown = shown_in_sheet(labels)
        everything = label in (None, "all")
        columns = int(np.bincount(labels[shown]).max()) if everything else round(len(shown) ** 0.5)
        in_sheet = []
        with new_folder(out) as folder:
            drawn = (samples for piece in self.draw(n, seed, labels) for samples in piece)
            progress = tqdm(drawn, total=n, unit="sound", disable=None)
            for i, (samples, number) in enumerate(zip(progress, labels, strict=True)):
                stem = file_stem(i, n, self.class_names[number])
                (folder / f"{stem}.wav").write_bytes(encode_wav(samples, self.sample_rate))
                if i in shown:
                    in_sheet.append(samples)
            sheet = spectrogram_sheet(np.stack(in_sheet), columns, labels[shown], self.class_names)
            plotting.save_png(folder / SHEET, sheet)
        return str(out)


def spectrogram_sheet(
    audio: np.ndarray,
    columns: int,
    labels: np.ndarray | None = None,
    names: Sequence[str] | None = None,
) -> np.ndarray:
    """Draws the spectrograms of sounds (N, T) in rows: uint8 (H, W, 3), low frequencies at the bottom.

    A row begins wherever ``labels`` (N,) change, beside which their ``names`` stand, if there are any.
    """
    from matplotlib import colormaps

    # A table: a colormap would compare uint8 with 256, at which NumPy before 2.2.2 may crash (issue 28117).
    palette = np.rint(255 * colormaps["magma"](np.arange(256))[:, :3]).astype(np.uint8)
    pictures = palette[spectrogram_pictures(audio)[..., 0]]
    return plotting.grid(pictures, columns, labels=labels, names=names)


def sample_rate_of(shape: DataShape) -> int:
    """Returns the rate that ``shape`` carries."""
    return int(shape.names["sample_rate"][0])


def _writer_of_gan(gan: GenerativeModel, shape: DataShape) -> SoundWriter:
    module = ExportedSound(gan, shape)
    draw = drawing(_served(module), module.latent_dim)
    return SoundWriter(draw, shape.names["classes"], sample_rate_of(shape))


def _writer_of_saved_model(loaded: tf.Module) -> SoundWriter:
    draw = drawing_of_saved_model(loaded)
    return SoundWriter(draw, read_texts(loaded.class_names), int(loaded.sample_rate.numpy()))


SOUNDS = Medium(
    export_sound,
    usage.SOUNDS,
    "audio",
    _writer_of_gan,
    _writer_of_saved_model,
)
