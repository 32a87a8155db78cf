"""Data sets of recordings by name."""

import zipfile
from pathlib import Path

import numpy as np

from tfgan_ref.data.images.npz import load_arrays
from tfgan_ref.data.images.tfds import find_builder
from tfgan_ref.data.sounds.collection import WaveCollection
from tfgan_ref.data.sounds.files import read_wave_folder
from tfgan_ref.data.sounds.tfds import read_tfds_audio
from tfgan_ref.data.sounds.vowels import vowels
from tfgan_ref.data.sounds.waves import Waves, check_rate
from tfgan_ref.errors import InputError, reason, whole_number

VOWELS = "vowels"
VOWELS_PER_CLASS = {"train": 300, "test": 60}
_FORMS = (
    "vowels, wav:DIR, wav:DIR:{label}_{take} (how files are named), npz:PATH, "
    "spoken_digit or another audio data set of tensorflow-datasets"
)
_LARGEST_ARCHIVE = 2**32  # bytes, unpacked


def read_waves(
    name: str,
    *,
    length: int,
    sample_rate: int = 8000,
    split: str = "train",
    data_dir: str | Path | None = None,
    stream: str = "off",
) -> Waves:
    """Reads labelled recordings into memory, or finds them on disk, at one rate and of one length.

    Args:
        name: ``vowels`` (synthesised, 300 of each for "train", 60 others for "test"), ``wav:DIR`` (a class
            for each sub-folder) or ``wav:DIR:{label}_{group}_{take}`` (by the files' names), ``npz:PATH``
            (see ``read_npz_waves``), or an audio data set of tensorflow-datasets.
        length: samples of each recording: longer ones are cut, shorter ones end in silence.
        sample_rate: of the result; recordings of other rates are resampled.
        split: "train" or "test" where a data set has them.
        data_dir: where tensorflow-datasets keeps prepared data sets.
        stream: whether the files of ``wav`` are read each time that they are asked for: "on", "off" or "auto"
            (if the recordings would take more than a quarter of the free memory).

    Raises:
        InputError: the name is unknown, a number out of range, or the data cannot be read or used.
    """
    whole_number("length", length, 1)
    check_rate(name, sample_rate)
    kind, _, place = name.partition(":")
    if stream == "on" and kind != "wav":
        raise InputError(f"{name}: stream=on is for wav:DIR, this is kept in memory: leave it out")
    if name == VOWELS:
        if split not in VOWELS_PER_CLASS:
            raise InputError(f"{name}: split={split!r} does not exist, there are train, test")
        seed = tuple(VOWELS_PER_CLASS).index(split)
        return vowels(VOWELS_PER_CLASS[split], seed, sample_rate, seconds=length / sample_rate)
    form = {"sample_rate": sample_rate, "length": length}
    if kind in ("wav", "npz"):
        if not place:
            raise InputError(f"data set {name!r}: needs a path, {kind}:PATH")
        if split != "train":
            raise InputError(f"{name}: split={split!r} does not exist, a path is one whole set: 'train'")
        try:
            if kind == "npz":
                return read_npz_waves(name, place, **form)
            return read_wave_folder(name, place, stream=stream, **form)
        except (OSError, RuntimeError) as error:  # no permission, a broken disk, "~nobody"
            raise InputError(f"{name}: cannot be read ({reason(error)})") from error
    builder = find_builder(name, data_dir)
    if builder is None:
        raise InputError(f"data set {name!r} is not known; allowed are {_FORMS}")
    return read_tfds_audio(name, builder, split=split, data_dir=data_dir, **form)


def read_npz_waves(name: str, place: str, *, sample_rate: int, length: int) -> Waves:
    """Reads recordings of an npz file.

    ``audio`` holds all recordings end to end, (S,), with ``offsets`` (N + 1,): recording i is
    audio[offsets[i]:offsets[i + 1]]; or it is (N, T), without ``offsets``. It is int16, or floats with full
    scale at 1. ``labels`` (N,) are whole numbers from 0 up, ``sample_rate`` is one number. If they are there,
    ``class_names`` are the classes', ``speakers`` (N,) number the speakers and ``speaker_names`` name them.

    Args:
        name: the data set's name for messages.
        place: the file.
        sample_rate: of the result.
        length: samples of each recording.

    Raises:
        InputError: there is no such file, it is damaged or holds Python objects (which are never loaded), an
            array is not as described, or more than 1 % of the recordings cannot be used.
    """
    path = Path(place).expanduser()
    _check_size(name, path)
    arrays = load_arrays(
        name,
        path,
        required=("audio", "labels", "sample_rate"),
        optional=("offsets", "class_names", "speakers", "speaker_names"),
    )
    audio, offsets = _audio(name, arrays["audio"], arrays.get("offsets"))
    rate = arrays["sample_rate"]
    if rate.size != 1 or not np.issubdtype(rate.dtype, np.integer):
        raise InputError(
            f"{name}: sample_rate is {rate.dtype} of shape {rate.shape}, it must be one whole number"
        )
    check_rate(name, int(rate.item()))
    n = len(offsets) - 1
    labels = _numbers(name, "labels", arrays["labels"], n)
    class_names = _names(name, "class_names", arrays.get("class_names"))
    speakers, speaker_names = np.zeros(n, int), ()
    if "speakers" in arrays:
        speakers = _numbers(name, "speakers", arrays["speakers"], n)
        speaker_names = _names(name, "speaker_names", arrays.get("speaker_names"))
    collection = WaveCollection(name, sample_rate, length)
    for i in range(n):
        samples = audio[offsets[i] : offsets[i + 1]]
        collection.add(f"recording {i}", _scaled(samples), int(rate.item()), labels[i], speakers[i])
    return collection.to_waves(class_names, speaker_names)


def _check_size(name: str, path: Path) -> None:
    if path.is_file() and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > _LARGEST_ARCHIVE:
            raise InputError(f"{name}: {size} bytes unpacked, at most {_LARGEST_ARCHIVE} are read")


def _audio(name: str, audio: np.ndarray, offsets: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Returns all samples end to end, and where the recordings begin and end."""
    sound = audio.dtype == np.int16 or np.issubdtype(audio.dtype, np.floating)
    if not sound or audio.ndim != (2 if offsets is None else 1) or not audio.size:
        raise InputError(
            f"{name}: audio is {audio.dtype} of shape {audio.shape}, it must be int16 or floats, of shape "
            "(S,) with offsets, or (N, T)"
        )
    if audio.dtype != np.int16 and not np.isfinite(audio).all():
        raise InputError(f"{name}: audio holds values that are no numbers")
    if offsets is None:
        return audio.reshape(-1), np.arange(len(audio) + 1) * audio.shape[1]
    if (
        offsets.ndim != 1
        or len(offsets) < 2
        or not np.issubdtype(offsets.dtype, np.integer)
        or offsets[0] < 0
        or offsets[-1] > len(audio)
        or (np.diff(offsets.astype(np.int64)) < 0).any()
    ):
        raise InputError(
            f"{name}: offsets are {offsets.dtype} of shape {offsets.shape}, they must be N + 1 whole numbers "
            f"that rise from 0 to at most {len(audio)}"
        )
    return audio, offsets.astype(np.int64)


def _scaled(samples: np.ndarray) -> np.ndarray:
    return samples.astype(np.float32) / (32768 if samples.dtype == np.int16 else 1)


def _numbers(name: str, key: str, numbers: np.ndarray, n: int) -> np.ndarray:
    if numbers.shape != (n,) or not np.issubdtype(numbers.dtype, np.integer):
        raise InputError(
            f"{name}: {key} are {numbers.dtype} of shape {numbers.shape}, they must be {n} whole numbers"
        )
    return numbers


def _names(name: str, key: str, names: np.ndarray | None) -> tuple[str, ...] | None:
    if names is None:
        return None
    if names.ndim != 1 or names.dtype.kind != "U":
        raise InputError(f"{name}: {key} are {names.dtype} of shape {names.shape}, they must be strings")
    return tuple(names.tolist())
