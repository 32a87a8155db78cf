"""Pictures that come in pairs: in two folders, side by side in one file, or in two arrays."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from tfgan_ref.data.images.array_forms import array_rows, npz_form, stay_in_file
from tfgan_ref.data.images.arrays import fit_array
from tfgan_ref.data.images.decoding import fit, from_pixels, to_pixels
from tfgan_ref.data.images.folder import check_folder
from tfgan_ref.data.images.npz import load_arrays
from tfgan_ref.data.images.options import ReadOptions
from tfgan_ref.data.images.pictures import by_stem, list_pictures
from tfgan_ref.data.images.stored import decode_stored
from tfgan_ref.data.pairs.pairs import PicturePairs, check_sizes
from tfgan_ref.data.pairs.picture_sources import Read, same_channels, tell_enlarged
from tfgan_ref.data.pairs.stored import StoredPairs
from tfgan_ref.data.pairs.stored_pictures import (
    halves,
    stay_on_disk,
    stored_array,
    stored_files,
    together,
)
from tfgan_ref.data.streams.headers import read_headers
from tfgan_ref.data.streams.stores import FolderStore
from tfgan_ref.errors import InputError, name_in_errors


def read_folders(
    name: str,
    first: str,
    second: str,
    *,
    scale: int,
    channels: int | None,
    image_size: int | None,
    stream: str,
) -> PicturePairs | StoredPairs:
    """Reads ``pairs:``, two folders; a pair with a damaged file is left out, as by ``decode_stored``."""
    folders = [Path(folder).expanduser() for folder in (first, second)]
    files = []
    for folder in folders:
        listed = _list_pictures(name, folder)
        with name_in_errors(name):
            files.append(by_stem(listed))
    for stem in sorted(files[0].keys() ^ files[1].keys()):
        here, there = (0, 1) if stem in files[0] else (1, 0)
        raise InputError(f"{name}: {files[here][stem]} has no partner in {folders[there]}")
    listed = ([here[stem] for stem in sorted(here)] for here in files)
    stores = [FolderStore(folder, paths) for folder, paths in zip(folders, listed, strict=True)]
    # Sources take as much as targets, less what ``scale`` saves.
    form = {"image_size": image_size, "channels": channels}
    if stay_on_disk(name, stores[1:], stream=stream, sides=1 + 1 / scale**2, **form):
        return _stored_folders(name, stores, scale, **form)
    sides = []
    for store, listed, shrinking in zip(stores, files, (scale, 1), strict=True):
        side_size = None if image_size is None else image_size // shrinking
        stems = sorted(listed)
        decoded = decode_stored(name, store, side_size)
        side = {stems[i]: (pixels, size, stems[i]) for i, pixels, size in decoded}
        tell_enlarged(name, [read[1:] for read in side.values()], side_size)
        sides.append(side)
    stems = sorted(sides[0].keys() & sides[1].keys())
    for stem in stems:
        source, target = (side[stem][1][::-1] for side in sides)
        check_sizes(name, files[0][stem].name, source, target, scale)
    sources, targets = (same_channels((side[stem][0] for stem in stems), channels) for side in sides)
    return PicturePairs(name, sources, targets, scale, names=tuple(files[0][stem].name for stem in stems))


def _stored_folders(
    name: str, stores: list[FolderStore], scale: int, image_size: int | None, channels: int | None
) -> StoredPairs:
    headers = [read_headers(name, store) for store in stores]
    source, target = (np.stack([each.heights, each.widths], axis=1) for each in headers)
    for i in np.flatnonzero(source.all(axis=1) & target.all(axis=1)):
        check_sizes(name, stores[0].names[i], tuple(source[i].tolist()), tuple(target[i].tolist()), scale)
    sizes = [None if image_size is None else image_size // shrinking for shrinking in (scale, 1)]
    sides = (stored_files(name, *side, channels) for side in zip(stores, headers, sizes, strict=True))
    return StoredPairs(name, together(*sides), scale=scale)


def read_halves(
    name: str, folder: str, *, scale: int, channels: int | None, image_size: int | None, stream: str
) -> PicturePairs | StoredPairs:
    """Reads ``sidebyside:``, files with the source in the left half and the target in the right."""
    if scale != 1:
        raise InputError(f"{name}: scale {scale} is out of range: halves of one picture have scale 1")
    path = Path(folder).expanduser()
    store = FolderStore(path, _list_pictures(name, path))
    whole = None if image_size is None else (image_size, 2 * image_size)
    if stay_on_disk(name, [store], image_size=whole, channels=channels, stream=stream):
        pictures = stored_files(name, store, read_headers(name, store), None, None)
        return StoredPairs(name, halves(name, pictures, image_size, channels))
    sides: tuple[list[Read], list[Read]] = ([], [])
    with closing(decode_stored(name, store, None)) as decoded:  # an error stops the threads
        for i, pixels, (width, height) in decoded:
            file = store.names[i]
            if width % 2:
                raise InputError(f"{name}: {file} is {width}x{height}: no two halves, its width is odd")
            for side, half in zip(sides, np.split(pixels, 2, axis=1), strict=True):
                fitted = to_pixels(fit(from_pixels(half), image_size))
                side.append((fitted, (width // 2, height), file))
    tell_enlarged(name, [read[1:] for read in sides[0]], image_size)
    sources, targets = (same_channels((pixels for pixels, _, _ in side), channels) for side in sides)
    return PicturePairs(name, sources, targets, names=tuple(file for _, _, file in sides[0]))


def read_arrays(
    name: str, path: str, *keys: str, scale: int, channels: int | None, image_size: int | None, stream: str
) -> PicturePairs | StoredPairs:
    """Reads ``npzpairs:``, two arrays of an npz file; or opens them there, see ``array_on_disk``."""
    place = Path(path).expanduser()
    sizes = [None if image_size is None else image_size // shrinking for shrinking in (scale, 1)]
    if stream != "off":
        form = {"scale": scale, "channels": channels, "stream": stream}
        if stored := _stored_arrays(name, place, keys, sizes, **form):
            return stored
    arrays = load_arrays(name, place, required=keys)
    sides = []
    for key, size in zip(keys, sizes, strict=True):
        array = arrays[key]
        if array.dtype != np.uint8 or array.ndim not in (3, 4) or 0 in array.shape:
            raise InputError(
                f"{name}: {key} is {array.dtype} of shape {array.shape}, "
                "it must be uint8 of shape (N, H, W) or (N, H, W, C)"
            )
        array = array if array.ndim == 4 else array[..., np.newaxis]
        if array.shape[-1] not in (1, 3) and (channels or image_size):
            raise InputError(
                f"{name}: {key} has {array.shape[-1]} channels, image_size and channels are for 1 or 3"
            )
        sides.append((array, size))
    check_sizes(name, "all pairs", sides[0][0].shape[1:3], sides[1][0].shape[1:3], scale)
    sources, targets = (tuple(fit_array(name, array, size, channels)) for array, size in sides)
    return PicturePairs(name, sources, targets, scale)


def _stored_arrays(
    name: str,
    place: Path,
    keys: Sequence[str],
    sizes: Sequence[int | None],
    *,
    scale: int,
    channels: int | None,
    stream: str,
) -> StoredPairs | None:
    """Opens two arrays of an npz file; None if they are to be in memory, or must."""
    forms = [npz_form(name, place, key) for key in keys]
    nbytes = 0
    for form, side in zip(forms, sizes, strict=True):
        n, height, width, depth = (*form.shape, 1, 1, 1, 1)[:4]
        nbytes += n * (height * width if side is None else side**2) * (channels or depth)
    if not stay_in_file(name, forms, nbytes, ReadOptions(stream=stream)):
        return None
    (n, *source), (others, *target) = (form.shape for form in forms)
    if n != others:
        raise InputError(f"{name}: {n} sources and {others} targets are no pairs")
    check_sizes(name, "all pairs", tuple(source[:2]), tuple(target[:2]), scale)
    rows = (array_rows(name, place, form) for form in forms)
    sides = (stored_array(name, *side, channels) for side in zip(rows, sizes, strict=True))
    return StoredPairs(name, together(*sides), scale=scale)


def _list_pictures(name: str, folder: Path) -> list[Path]:
    check_folder(name, folder)
    files = list_pictures(folder)
    if not files:
        raise InputError(f"{name}: no images in {folder}, by the suffixes that Pillow reads")
    return files
