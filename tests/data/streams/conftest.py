"""Folders of picture files of all kinds that are decoded in other ways."""

import io

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path_factory):
    """Keeps headers in a folder of the test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def noise(seed, *shape, kind=np.uint8):
    """Noise that is smooth enough for JPEG files to be like photographs'."""
    values = np.random.default_rng(seed).random((*(side // 4 + 1 for side in shape[:2]), *shape[2:]))
    values = values.repeat(4, 0).repeat(4, 1)[: shape[0], : shape[1]]
    return (values * np.iinfo(kind).max).astype(kind)


def jpeg(seed=0, size=(24, 16), mode="RGB", **options):
    """The bytes of a JPEG file of a width and height."""
    image = Image.fromarray(noise(seed, size[1], size[0], 3)).convert(mode)
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def turned(orientation):
    """What EXIF says of a picture that was taken with the camera turned."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def save(path, image, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)


def write_mixture(folder, size=(24, 16)):
    """Writes pictures of one size, as Pillow opens them; one for each way of decoding."""
    width, height = size
    colours, grey = Image.fromarray(noise(1, height, width, 3)), Image.fromarray(noise(2, height, width))
    sideways = Image.fromarray(noise(3, width, height, 3))
    transparent = colours.copy()
    transparent.putalpha(grey)
    save(folder / "a" / "plain.jpg", colours)
    save(folder / "a" / "rough.jpg", colours, quality=20, subsampling=2)
    save(folder / "a" / "fine.jpg", colours, quality=98, subsampling=0)
    save(folder / "a" / "progressive.jpg", colours, progressive=True)
    save(folder / "a" / "grey.jpg", grey)
    save(folder / "a" / "cmyk.jpg", colours.convert("CMYK"))
    save(folder / "a" / "ycck-adobe.jpg", colours, keep_rgb=True)
    for orientation in (2, 6):
        image = sideways if orientation == 6 else colours
        save(folder / "b" / f"turned-{orientation}.jpg", image, exif=turned(orientation))
    save(folder / "b" / "upright.jpg", colours, exif=turned(1))
    save(folder / "b" / "alpha.png", transparent)
    save(folder / "b" / "palette.png", colours.quantize(16))
    save(folder / "b" / "palette-and-alpha.png", colours.quantize(16), transparency=3)
    save(folder / "b" / "one-bit.png", grey.convert("1"))
    save(folder / "c" / "wide.png", Image.fromarray(noise(4, height, width, kind=np.uint16)))
    save(folder / "c" / "pages.gif", grey, save_all=True, append_images=[colours.convert("P")])
    save(folder / "c" / "float.tiff", Image.fromarray(noise(5, height, width) / np.float32(255)))
    save(folder / "c" / "lossy.webp", colours, quality=60)
    return folder
