"""WAV files in a folder, with classes by sub-folders or by the files' names."""

import re
from pathlib import Path

from tfgan_ref.data.images.listing import files_below
from tfgan_ref.data.sounds.collection import MARGIN, WaveCollection, labelled
from tfgan_ref.data.sounds.stored import WaveRows
from tfgan_ref.data.sounds.wav import read_wav
from tfgan_ref.data.sounds.waves import Waves
from tfgan_ref.data.streams.choice import streams
from tfgan_ref.data.streams.stores import FolderStore
from tfgan_ref.errors import InputError, reason

_FIELDS = ("label", "group")


def read_wave_folder(name: str, place: str, *, sample_rate: int, length: int, stream: str = "off") -> Waves:
    """Reads a folder of WAV files; hidden files and other files are left out.

    Damaged, empty and silent files are named in a warning and left out; of files on disk others stand in for
    them.

    Args:
        name: the data set's name for messages.
        place: the folder, whose sub-folders are the classes (with WAV files at any depth); or
            ``DIR:PATTERN`` with a pattern of the files' names without their endings, such as
            ``{label}_{group}_{take}``: classes by ``{label}``, speakers by ``{group}``, other fields are not
            used.
        sample_rate: of the result.
        length: samples of each recording.
        stream: whether the files stay on disk, see ``streams``.

    Raises:
        InputError: there is no such folder, no WAV file, a file outside of any sub-folder without a
            pattern, a pattern without ``{label}``, or that a file's name does not follow, or follows in
            several ways, or more than 1 % of the files cannot be used.
    """
    folder, pattern = _split(place)
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise InputError(
            f"{name}: {'is a file, not a folder' if path.exists() else 'there is no such folder'}"
        )
    files = sorted(
        file
        for file in files_below(path)
        if file.name.lower().endswith(".wav") and not file.name.startswith(".")
    )
    if not files:
        raise InputError(f"{name}: no .wav files there or in its sub-folders")
    said = [
        _by_folder(name, file.relative_to(path)) if pattern is None else _by_name(name, file, pattern)
        for file in files
    ]
    class_names, group_names = (sorted({names[i] for names in said if names[i]}) for i in range(2))
    numbers = [(class_names.index(label), group_names.index(group) if group else 0) for label, group in said]
    if streams(name, 2 * length * len(files), stream):
        rows = WaveRows(name, FolderStore(path, files), sample_rate, length)
        return labelled(name, rows, sample_rate, *zip(*numbers, strict=True), class_names, group_names)
    collection = WaveCollection(name, sample_rate, length)
    for file, (label, group) in zip(files, numbers, strict=True):
        recording = str(file.relative_to(path))
        try:
            samples, rate = read_wav(file, length / sample_rate + MARGIN)
        except (OSError, ValueError) as error:
            collection.leave_out(recording, reason(error))
            continue
        collection.add(recording, samples, rate, label, group)
    return collection.to_waves(class_names, group_names)


def _split(place: str) -> tuple[str, str | None]:
    folder, separator, pattern = place.rpartition(":")
    return (folder, pattern) if separator and "{" in pattern else (place, None)


def _by_folder(name: str, file: Path) -> tuple[str, str]:
    if len(file.parts) == 1:
        raise InputError(
            f"{name}: {file} lies in no sub-folder: put every file into the sub-folder of its class, or give "
            "the pattern of the names, as in wav:DIR:{label}_{take}"
        )
    return file.parts[0], ""


def _by_name(name: str, file: Path, pattern: str) -> tuple[str, str]:
    expression = _expression(name, pattern)
    found = re.fullmatch(expression, file.stem)
    if found is None:
        raise InputError(f"{name}: {file.name} does not follow the pattern {pattern}")
    # The shortest texts that fields can have end first, the longest last: between them lie all other ways.
    longest = re.fullmatch(expression.replace(".+?", ".+"), file.stem)
    for field in found.groupdict():
        if found.span(field) != longest.span(field):
            raise InputError(
                f"{name}: {file.name} follows the pattern {pattern} in several ways, {field} could be "
                f"{found[field]!r} or {longest[field]!r}: rename the files, or put more of their names into "
                "the pattern"
            )
    fields = found.groupdict()
    return fields["label"], fields.get("group", "")


def _expression(name: str, pattern: str) -> str:
    pieces = re.split(r"\{(\w+)\}", pattern)
    texts, fields = pieces[::2], pieces[1::2]
    if "label" not in fields or len(set(fields)) < len(fields):
        raise InputError(
            f"{name}: pattern {pattern!r} is not one with {{label}} and other fields, each once, as in "
            "{label}_{group}_{take}"
        )
    groups = [f"(?P<{field}>.+?)" if field in _FIELDS else ".+?" for field in fields]
    return re.escape(texts[0]) + "".join(
        group + re.escape(text) for group, text in zip(groups, texts[1:], strict=True)
    )
