"""A translator applied to picture files: the names of the results, and the metadata that is kept."""

import io
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image, ImageOps

from tfgan_ref import data
from tfgan_ref.data.images.decoding import LIMIT_VARIABLE, from_pixels
from tfgan_ref.data.images.listing import is_image_name
from tfgan_ref.data.streams.choice import available_memory
from tfgan_ref.errors import InputError, check_exists
from tfgan_ref.files import check_writable, write_bytes
from tfgan_ref.run.translator import Translator

logger = logging.getLogger(__name__)

# Formats that are kept, since they lose nothing and have transparency; all others become PNG.
FORMATS = {".png": "PNG", ".tif": "TIFF", ".tiff": "TIFF"}
# Above this many pixels, a model that sees the whole picture at once may need more memory than there is.
LARGE = 4_000_000
# Bytes for each pixel of what such a model takes: at least those of all recipes' networks as they are by
# default, by benchmarks/apply_memory.py. Wider networks need more.
BYTES_PER_PIXEL = 450


@dataclass(frozen=True)
class Job:
    """One picture to translate."""

    source: Path
    target: Path
    mask: Path | None = None


@dataclass(frozen=True)
class PictureFile:
    """The parts of a picture file that are kept.

    Attributes:
        colours: uint8 (H, W, 1 or 3), upright.
        alpha: uint8 (H, W, 1), or None for a picture without transparency.
        profile: the ICC profile of RGB colours, or None.
    """

    colours: np.ndarray
    alpha: np.ndarray | None
    profile: bytes | None


def plan_jobs(
    inputs: Iterable[Path], out: Path, *, mask: Path | None = None, overwrite: bool = False
) -> list[Job]:
    """Returns the jobs that ``inputs`` make in the folder ``out``, after a check that nothing is overwritten.

    Args:
        inputs: picture files, and folders of which all pictures are taken.
        out: the folder of the results, which keep their names; .png, .tif and .tiff also their suffix, where
            all others become .png. Of one picture also the name of its result, with such a suffix.
        mask: one file for all, or a folder with a mask of the same name, less suffix, for each.
        overwrite: whether results may replace files, which must not be inputs.

    Raises:
        InputError: an input or a mask does not exist, two masks have one name, two inputs have one result, or
            a result exists.
    """
    sources = list(dict.fromkeys(source for path in inputs for source in picture_files(path)))
    masks = _masks(sources, mask) if mask else {}
    suffix = out.suffix.lower()
    if is_image_name(out) and suffix not in FORMATS and not out.is_dir():
        raise InputError(f"{out}: results are {', '.join(FORMATS)} files, not {suffix}")
    targets = plan_targets(
        sources, out, _picture_name, suffixes=FORMATS, others=masks.values(), overwrite=overwrite
    )
    return [Job(source, target, masks.get(source)) for source, target in zip(sources, targets, strict=True)]


def plan_targets(
    sources: Sequence[Path],
    out: Path,
    result_name: Callable[[Path], str],
    *,
    suffixes: Collection[str],
    others: Iterable[Path] = (),
    overwrite: bool = False,
) -> list[Path]:
    """Returns the result file in ``out`` for each source, after a check that nothing is overwritten.

    Args:
        sources: what is read.
        out: the folder of the results, or, of one source, the result: by its suffix, unless it is a folder.
        result_name: of a source, what its result is called in a folder. Where two are called alike, one that
            has another name than its source becomes ``a.jpg.png``.
        suffixes: of results.
        others: what is read beside the sources.
        overwrite: whether results may replace files, which must not be inputs.

    Raises:
        InputError: ``out`` is a file and no result, two sources have one result, or a result exists or cannot
            be written.
    """
    check_writable(out)
    to_file = out.suffix.lower() in suffixes and not out.is_dir()
    if to_file and len(sources) > 1:
        raise InputError(f"{out} is the name of one file, and there are {len(sources)} inputs: name a folder")
    if out.exists() and not out.is_dir() and not to_file:
        raise InputError(f"{out} is not a folder")
    names = [result_name(source) for source in sources]
    of_name = Counter(names)
    taken = {}
    for source, name in zip(sources, names, strict=True):
        if of_name[name] > 1 and name != source.name:  # a.jpg beside a.png, which keeps its name
            name = source.name + Path(name).suffix
        target = out if to_file else out / name
        if target in taken:
            raise InputError(f"{taken[target]} and {source} would both become {target}: apply in two runs")
        taken[target] = source
    read = {path.resolve() for path in (*sources, *others)}
    kind = "file" if to_file else "folder"
    for target in taken:
        check_writable(target)
        if target.resolve() in read:
            raise InputError(f"{target} is an input: name another {kind} with --out")
        if target.exists() and not overwrite:
            raise InputError(f"{target} exists: name another {kind} with --out, or --overwrite")
    return list(taken)


def apply_to_file(
    translator: Translator,
    job: Job,
    style: np.ndarray | None = None,
    read_mask: Callable[[Path], np.ndarray] = data.read_mask,
) -> None:
    """Translates one file; the result appears under its name when it is complete.

    The colours of a picture with transparency are translated as they are, whether they show or not, and its
    transparency is enlarged bicubically. A picture is turned upright as its EXIF orientation says. The result
    has its ICC profile if both are RGB, and nothing else of its metadata.

    Args:
        translator: the model.
        job: the file; ``mask`` if the model takes one.
        style: uint8 picture, if the model takes one.
        read_mask: reads what is known of the picture, bool (H, W), from the file of its mask.

    Raises:
        InputError: the file cannot be read, its mask does not fit, or memory does not suffice.
    """
    picture = read_file(job.source)
    other = style
    if job.mask is not None:
        other = read_mask(job.mask)
        _check_size(job.mask, other, picture.colours)
    say_channels(job.source, picture.colours, translator.channels[0])
    if translator.tile is None:
        _check_memory(job.source, *picture.colours.shape[:2])
    try:
        colours = translator.apply(picture.colours, other)
    except tf.errors.ResourceExhaustedError as error:
        smaller = ": try a smaller --tile" if translator.tile else ""
        raise InputError(f"{job.source} does not fit into memory{smaller}") from error
    profile = picture.profile if colours.shape[-1] == 3 else None
    if picture.alpha is not None:
        colours = np.concatenate([colours, _enlarged(picture.alpha, translator.scale)], axis=-1)
    content = io.BytesIO()
    options = {} if profile is None else {"icc_profile": profile}
    from_pixels(colours).save(content, format=FORMATS[job.target.suffix.lower()], **options)
    height, width = colours.shape[:2]
    if Image.MAX_IMAGE_PIXELS is not None and height * width > Image.MAX_IMAGE_PIXELS:
        logger.info("%s is %dx%d: to read it, set the variable %s", job.target, width, height, LIMIT_VARIABLE)
    job.target.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(job.target, content.getvalue())


def _check_memory(path: Path, height: int, width: int) -> None:
    """Refuses a picture that a model cannot see at once in the memory there is: the system would kill it."""
    needed, there = BYTES_PER_PIXEL * height * width, available_memory()
    if needed > there and not tf.config.list_physical_devices("GPU"):  # which says itself that it has no more
        share = (there / needed) ** 0.5
        raise InputError(
            f"{path} is {width}x{height}: this model sees a whole picture at once and needs at least "
            f"{needed / 2**30:.1f} GiB for it, {there / 2**30:.1f} GiB are free: shrink it to "
            f"{int(share * width)}x{int(share * height)} or less"
        )
    if height * width > LARGE:
        logger.warning(
            "%s is %dx%d: this model sees a whole picture at once, so that it cannot be cut into tiles and "
            "may need more memory than there is",
            path, width, height,
        )  # fmt: skip


def read_file(path: Path) -> PictureFile:
    """Reads a picture file with its transparency.

    Raises:
        InputError: it cannot be read.
    """
    flat = data.read_picture(path)
    with Image.open(path) as image:
        profile = image.info.get("icc_profile") if image.mode in ("RGB", "RGBA") else None
        # As ``read_picture``, which takes 16-bit pictures to have no transparency.
        if image.mode.startswith(("I", "F")) or not image.has_transparency_data:
            return PictureFile(flat, None, profile)
        pixels = np.asarray(ImageOps.exif_transpose(image).convert("RGBA"))
    return PictureFile(pixels[..., : flat.shape[-1]], pixels[..., 3:], profile)


def _picture_name(source: Path) -> str:
    return source.stem + (source.suffix if source.suffix.lower() in FORMATS else ".png")


def picture_files(path: Path) -> Sequence[Path]:
    """Returns the picture file ``path``, or those that are directly in the folder ``path``.

    Raises:
        InputError: there are none.
    """
    check_exists(path, "picture files or folders")
    if path.is_file():
        return [path]
    found = data.list_pictures(path)
    if not found:
        raise InputError(f"{path} holds no pictures")
    return found


def _masks(sources: Sequence[Path], mask: Path) -> dict[Path, Path]:
    found = picture_files(mask)
    if not mask.is_dir():
        return dict.fromkeys(sources, mask)
    by_name = data.by_stem(found)
    for source in sources:
        if source.stem not in by_name:
            raise InputError(f"{source} has no mask in {mask}")
    return {source: by_name[source.stem] for source in sources}


def _check_size(path: Path, mask: np.ndarray, picture: np.ndarray) -> None:
    if mask.shape != picture.shape[:2]:
        sizes = [f"{shape[1]}x{shape[0]}" for shape in (mask.shape, picture.shape)]
        raise InputError(f"{path} is {sizes[0]} where its picture is {sizes[1]}")


def say_channels(path: Path, colours: np.ndarray, taken: int) -> None:
    """Says that a model takes a picture without its colours, or a grey one as colours."""
    if taken == 1 and (colours != colours[..., :1]).any():
        logger.warning("%s is coloured, and this model takes grey pictures: its colours are lost", path)
    elif taken == 3 and colours.shape[-1] == 1:
        logger.info("%s is grey, and this model takes colours: its channel is taken three times", path)


def _enlarged(alpha: np.ndarray, scale: int) -> np.ndarray:
    if scale == 1:
        return alpha
    return np.clip(np.rint(data.bicubic_resize(alpha, scale)), 0, 255).astype(np.uint8)
