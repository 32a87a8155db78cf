"""Animation as output: SavedModels, animated GIFs, and a contact sheet to look at."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from tfgan_ref import plotting, randomness
from tfgan_ref.data.clips.clips import ORDER, PHASE
from tfgan_ref.data.clips.factors import ACTION, Factors, check_factors, parse_choices
from tfgan_ref.data.pipeline import DataShape
from tfgan_ref.errors import InputError, check_at_least, check_seed
from tfgan_ref.export.generator import SAMPLE_OF_CLASS, joined, positive, write_saved_model
from tfgan_ref.files import check_writable, new_folder
from tfgan_ref.gans.frame import FrameGAN, free_conditions, whole_clips
from tfgan_ref.media import usage
from tfgan_ref.media.medium import MOST_SHOWN, Medium, file_stem

SHEET = "contact_sheet.png"
MILLISECONDS = 110  # that a GIF shows each frame
_SIDE = 128  # of a GIF's frames, at least
ANY = -1  # the choice that leaves a factor free
_CHUNK = 32  # clips that are made at once


class ExportedFrames(tf.Module):
    """The functions of an exported generator of animation.

    ``sample(n, seed)`` gives n clips, float32 (n, phases, H, W, C) in [0, 1]: actions in turn, attributes at
    random. ``sample(n, seed, choices)`` takes what is wanted, int32 (K,) or (n, K): the number of a factor's
    value, -1 for any. ``values`` says what the numbers stand for: "hat=no", "hat=yes" and so on, factor by
    factor. The first k clips of a seed are the same for every n >= k.
    """

    def __init__(self, gan: FrameGAN, shape: DataShape) -> None:
        super().__init__()
        self.generator = gan.sampling_generator
        self.latent_dim = gan.latent_dim
        self.phases = gan.phases
        factors = factors_of(shape)
        self.sizes = tuple(len(values) for values in factors.values())
        named = [f"{name}={value}" for name, values in factors.items() for value in values]
        self.values = tf.Variable(named, trainable=False)

    @tf.function(input_signature=SAMPLE_OF_CLASS, autograph=False)
    def sample(self, n: tf.Tensor, seed: tf.Tensor, choices: tf.Tensor = ANY) -> tf.Tensor:
        """Draws ``n`` clips."""
        n = positive(n)
        right = tf.reduce_all((choices >= ANY) & (choices < tf.constant(self.sizes)))
        said = [f"choices must be from -1 to below {self.sizes}, not", choices]
        with tf.control_dependencies([tf.debugging.Assert(right, said)]):
            choices = tf.ensure_shape(tf.broadcast_to(choices, [n, len(self.sizes)]), [None, len(self.sizes)])
        conditions = free_conditions(n, seed, choices, self.sizes)
        latents = randomness.sample_latents(n, self.latent_dim, randomness.base_seed(seed))

        def piece(index: tf.Tensor) -> tf.Tensor:
            rows = slice(index * _CHUNK, (index + 1) * _CHUNK)
            return _to_unit(whole_clips(self.generator, latents[rows], conditions[rows], self.phases))

        shape = [None, self.phases, *self.generator.output_shape[1:]]
        return tf.ensure_shape(joined((n + _CHUNK - 1) // _CHUNK, piece, shape), shape)

    def serve(self, latents: tf.Tensor, conditions: tf.Tensor, phase: tf.Tensor) -> dict[str, tf.Tensor]:
        """Maps latents (N, latent_dim), conditions (N, K) and phases (N,) to single frames."""
        return {"frames": _to_unit(self.generator([latents, conditions, phase], training=False))}


def export_frames(gan: FrameGAN, path: Path, shape: DataShape) -> None:
    """Writes the averaged generator as a SavedModel with ``sample`` and ``serving_default``.

    Raises:
        InputError: ``path`` exists.
    """
    module = ExportedFrames(gan, shape)
    write_saved_model(module, path, {"serving_default": _served(module)})


def _served(module: ExportedFrames) -> Callable[..., dict[str, tf.Tensor]]:
    signature = [
        tf.TensorSpec((None, module.latent_dim), tf.float32, name="latents"),
        tf.TensorSpec((None, len(module.sizes)), tf.int32, name="conditions"),
        tf.TensorSpec((None,), tf.int32, name="phase"),
    ]
    return tf.function(
        # A bound method would not keep the module, nor so its variables.
        lambda latents, conditions, phase: module.serve(latents, conditions, phase),
        input_signature=signature,
        autograph=False,
    )


@dataclass(frozen=True)
class ClipWriter:
    """Writes animated GIFs and a contact sheet.

    Attributes:
        served: latents (N, latent_dim), conditions (N, K) and phase (N,) to frames (N, H, W, C) in [0, 1],
            under one name.
        latent_dim: length of a latent vector.
        phases: frames of a clip.
        factors: what the choices stand for.
    """

    served: Callable[..., dict[str, tf.Tensor]]
    latent_dim: int
    phases: int
    factors: Factors

    def sample(self, n: int, seed: int = 0, label: str | None = None) -> np.ndarray:
        """Draws ``n`` clips: uint8 (n, phases, H, W, C).

        Args:
            n: number of clips.
            seed: from 0 to 2147483647; the same clips for the same seed.
            label: what is wanted, ``action=walk,hat=yes``; see ``write``.

        Raises:
            InputError: an argument cannot be used.
        """
        check_at_least(1, n=n)
        check_seed(seed)
        return np.concatenate(list(self._pieces(n, seed, parse_choices(label, self.factors))))

    def _pieces(self, n: int, seed: int, choices: np.ndarray) -> Iterator[np.ndarray]:
        """Yields the clips that ``sample`` of a SavedModel draws, some at a time."""
        sizes = tuple(len(values) for values in self.factors.values())
        conditions = free_conditions(n, seed, tf.constant(choices), sizes)
        latents = randomness.sample_latents(n, self.latent_dim, randomness.base_seed(seed))
        for start in range(0, n, _CHUNK):
            rows = slice(start, start + _CHUNK)
            clips = whole_clips(self._frames, latents[rows], conditions[rows], self.phases)
            yield np.rint(clips.numpy() * 255).astype(np.uint8)

    def _frames(self, inputs: Sequence[tf.Tensor], *, training: bool) -> tf.Tensor:
        """Calls ``served`` as the generator that it is made of is called."""
        latents, conditions, phase = inputs
        (frames,) = self.served(latents=latents, conditions=conditions, phase=phase).values()
        return frames

    def write(self, n: int, seed: int, label: str | None, out: Path | None) -> str:
        """Draws ``n`` clips into the new folder ``out`` (``clips``): GIFs, and a sheet of the first ones.

        Args:
            n: number of clips, at least 1.
            seed: from 0 to 2147483647.
            label: what is wanted, ``action=walk,hat=yes``. Actions that are left free come in turn,
                attributes at random.
            out: a folder that does not exist.

        Returns:
            The folder.

        Raises:
            InputError: an unknown attribute or value, ``seed`` is out of range, or ``out`` exists or cannot
                be made.
        """
        check_seed(seed)
        choices = parse_choices(label, self.factors)
        out = out or Path("clips")
        check_writable(out)
        if out.exists():
            raise InputError(f"{out} exists: name another folder with --out")
        actions = self.factors[ACTION]
        in_sheet = []
        with new_folder(out) as folder:
            drawn = (clip for piece in self._pieces(n, seed, choices) for clip in piece)
            for i, clip in enumerate(tqdm(drawn, total=n, unit="clip", disable=None)):
                action = actions[choices[-1] if choices[-1] >= 0 else i % len(actions)]
                (folder / f"{file_stem(i, n, action)}.gif").write_bytes(encode_gif(clip))
                if i < MOST_SHOWN:
                    in_sheet.append(clip)
            plotting.save_png(folder / SHEET, contact_sheet(np.stack(in_sheet)))
        return str(out)


def encode_gif(clip: np.ndarray) -> bytes:
    """Encodes a clip, uint8 (P, H, W, 3 or 1), as a GIF that repeats for ever, small frames enlarged."""
    factor = -(-_SIDE // clip.shape[1])
    large = clip.repeat(factor, axis=1).repeat(factor, axis=2)
    return plotting.encode_animation(large, "GIF", MILLISECONDS)


def contact_sheet(clips: np.ndarray) -> np.ndarray:
    """Draws clips, uint8 (N, P, H, W, C), one in each row: uint8 (H', W', C)."""
    frames = clips.reshape(-1, *clips.shape[2:])
    return plotting.grid(frames, columns=clips.shape[1], enlarge=2 if frames.shape[1] < 48 else 1)


def factors_of(shape: DataShape) -> dict[str, tuple[str, ...]]:
    """Returns the factors that ``shape`` carries.

    Raises:
        InputError: they are none of clips.
    """
    names = shape.names or {}
    factors = {name: names[name] for name in names.get(ORDER, ())}
    check_factors("data", factors)
    return factors


def phases_of(shape: DataShape) -> int:
    """Returns the frames of a clip."""
    return len(shape.names[PHASE])


def _to_unit(frames: tf.Tensor) -> tf.Tensor:
    return tf.clip_by_value(frames / 2.0 + 0.5, 0.0, 1.0)


def _writer_of_gan(gan: FrameGAN, shape: DataShape) -> ClipWriter:
    module = ExportedFrames(gan, shape)
    return ClipWriter(_served(module), module.latent_dim, module.phases, factors_of(shape))


def _writer_of_saved_model(loaded: tf.Module) -> ClipWriter:
    factors: dict[str, tuple[str, ...]] = {}
    for text in loaded.values.numpy():
        name, _, value = text.decode().partition("=")
        factors[name] = (*factors.get(name, ()), value)
    served = loaded.signatures["serving_default"]
    latent_dim = served.structured_input_signature[1]["latents"].shape[1]
    phases = loaded.sample.concrete_functions[0].structured_outputs.shape[1]
    # Through ``loaded``, which must stay alive: its functions do not keep its variables.
    return ClipWriter(
        lambda **given: loaded.signatures["serving_default"](**given), latent_dim, phases, factors
    )


FRAMES = Medium(
    export_frames,
    usage.FRAMES,
    "frames",
    _writer_of_gan,
    _writer_of_saved_model,
    lambda shape: usage.example_choice(factors_of(shape)),
)
