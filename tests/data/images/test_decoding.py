"""Every kind of image file that Pillow reads, written by Pillow and read by us."""

import weakref

import numpy as np
import pytest
from PIL import Image

from tfgan_ref.data.images.decoding import (
    Collection,
    decode,
    fit,
    flatten,
    from_sixteen_bits,
    set_limit,
    to_pixels,
)
from tfgan_ref.data.pipeline import shareable
from tfgan_ref.errors import InputError

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def round_trip(tmp_path, image, suffix, **options):
    path = tmp_path / f"image.{suffix}"
    image.save(path, **options)
    return decode(path)


def colours(image):
    return {colour for _, colour in image.getcolors(256)}


def test_grey(tmp_path):
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
    for suffix in ("png", "bmp", "tiff", "pgm"):
        image = round_trip(tmp_path, ramp, suffix)
        assert image.mode == "L"
        assert np.array_equal(np.asarray(image), np.asarray(ramp))


def test_rgb(tmp_path):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8))
    for suffix, options in (("png", {}), ("bmp", {}), ("tif", {}), ("ppm", {}), ("webp", {"lossless": True})):
        image = round_trip(tmp_path, noise, suffix, **options)
        assert image.mode == "RGB"
        assert np.array_equal(np.asarray(image), np.asarray(noise))


def test_jpeg(tmp_path):
    assert np.abs(np.asarray(round_trip(tmp_path, Image.new("RGB", (16, 16), RED), "jpg")) - RED).max() <= 2
    assert round_trip(tmp_path, Image.new("L", (16, 16), 99), "jpeg").getpixel((3, 3)) == 99


def test_cmyk_jpeg(tmp_path):
    image = round_trip(tmp_path, Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "jpg")
    assert image.mode == "RGB"
    assert np.abs(np.asarray(image, int) - RED).max() <= 3


def test_grey_with_alpha_is_put_on_white(tmp_path):
    image = Image.new("LA", (3, 1))
    for x, pixel in enumerate([(100, 255), (100, 128), (100, 0)]):
        image.putpixel((x, 0), pixel)
    image = round_trip(tmp_path, image, "png")
    assert image.mode == "L"
    np.testing.assert_allclose(np.asarray(image)[0], [100, 100 * 128 / 255 + 127, 255], atol=1)


def test_colour_with_alpha_is_put_on_white(tmp_path):
    image = Image.new("RGBA", (3, 1))
    for x, alpha in enumerate([255, 64, 0]):
        image.putpixel((x, 0), (200, 0, 40, alpha))
    image = round_trip(tmp_path, image, "png")
    assert image.mode == "RGB"
    share = np.array([[255], [64], [0]]) / 255
    np.testing.assert_allclose(np.asarray(image)[0], [200, 0, 40] * share + 255 * (1 - share), atol=1)


def palette_image():
    image = Image.new("P", (2, 1))
    image.putpalette([*RED, *BLUE])
    image.putpixel((1, 0), 1)
    return image


def test_palette(tmp_path):
    for suffix in ("png", "gif", "bmp"):
        image = round_trip(tmp_path, palette_image(), suffix)
        assert image.mode == "RGB"
        assert np.array_equal(np.asarray(image)[0], [RED, BLUE])


def test_palette_with_transparency(tmp_path):
    for suffix in ("png", "gif"):
        image = round_trip(tmp_path, palette_image(), suffix, transparency=0)
        assert np.array_equal(np.asarray(image)[0], [WHITE, BLUE])
    image = round_trip(tmp_path, palette_image(), "png", transparency=bytes([255, 0]))
    assert np.array_equal(np.asarray(image)[0], [RED, WHITE])


def test_one_bit(tmp_path):
    bits = np.random.default_rng(1).integers(0, 2, (5, 9)).astype(bool)
    image = round_trip(tmp_path, Image.fromarray(bits), "png")
    assert image.mode == "L"
    assert np.array_equal(np.asarray(image), bits * 255)


def test_sixteen_bits(tmp_path):
    values = np.array([[0, 257, 128 * 257, 65535]], np.uint16)
    for suffix in ("png", "tiff"):
        image = round_trip(tmp_path, Image.fromarray(values), suffix)
        assert image.mode == "L"
        assert np.asarray(image)[0].tolist() == [0, 1, 128, 255]


def test_thirty_two_bits(tmp_path):
    image = round_trip(tmp_path, Image.fromarray(np.array([[0, 257, 65535]], np.int32)), "tiff")
    assert np.asarray(image)[0].tolist() == [0, 1, 255]
    for value in (-1, 65536):
        with pytest.raises(ValueError, match="allowed are 0 to 65535"):
            round_trip(tmp_path, Image.fromarray(np.array([[0, value]], np.int32)), "tiff")


def test_floats(tmp_path):
    image = round_trip(tmp_path, Image.fromarray(np.array([[0, 0.2, 1]], np.float32)), "tiff")
    assert np.asarray(image)[0].tolist() == [0, 51, 255]
    for value in (-0.1, 1.1, np.nan, np.inf):
        with pytest.raises(ValueError, match="allowed are 0 to 1"):
            round_trip(tmp_path, Image.fromarray(np.array([[0, value]], np.float32)), "tiff")


def test_rounding_of_sixteen_bits_is_to_the_nearest():
    values = np.arange(65536, dtype=np.uint16)
    assert np.array_equal(from_sixteen_bits(values), np.rint(values / 257).astype(np.uint8))


def test_first_frame_of_an_animation(tmp_path):
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, BLUE)]
    for suffix, options in (("gif", {}), ("webp", {"lossless": True}), ("png", {}), ("tiff", {})):
        image = round_trip(tmp_path, frames[0], suffix, save_all=True, append_images=frames[1:], **options)
        assert colours(image) == {RED}


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff"])
def test_exif_orientation(tmp_path, suffix):
    stored = Image.new("RGB", (40, 20), BLUE)
    stored.paste(RED, (0, 0, 20, 20))  # the left half, which "rotate 90 to the right" brings to the top
    exif = Image.Exif()
    exif[0x0112] = 6
    image = round_trip(tmp_path, stored, suffix, exif=exif)
    assert image.size == (20, 40)
    np.testing.assert_allclose(image.getpixel((10, 5)), RED, atol=3)
    np.testing.assert_allclose(image.getpixel((10, 35)), BLUE, atol=3)


def test_decompression_bombs_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "large.png"
    Image.new("L", (16, 10)).save(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 160)
    assert decode(path).size == (16, 10)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 159)
    with (
        pytest.warns(Image.DecompressionBombWarning),
        pytest.raises(ValueError, match="16x10 pixels, more than 159: set the variable TFGAN_MAX_PIXELS"),
    ):
        decode(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)
    with pytest.raises(ValueError, match="more than 50: set the variable TFGAN_MAX_PIXELS"):
        decode(path)


def test_the_limit_can_be_set_by_a_variable(tmp_path, monkeypatch):
    Image.new("L", (16, 10)).save(tmp_path / "large.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)
    monkeypatch.setenv("TFGAN_MAX_PIXELS", "160")
    set_limit()
    assert decode(tmp_path / "large.png").size == (16, 10)
    for text in ("0", "many", "-3"):
        monkeypatch.setenv("TFGAN_MAX_PIXELS", text)
        with pytest.raises(InputError, match=f"TFGAN_MAX_PIXELS='{text}': must be a whole number"):
            set_limit()


def test_the_square_in_the_middle_remains():
    for size, boxes in (
        ((90, 30), [(0, 0, 30, 30), (60, 0, 90, 30)]),
        ((30, 90), [(0, 0, 30, 30), (0, 60, 30, 90)]),
    ):
        image = Image.new("RGB", size, GREEN)
        for colour, box in zip((RED, BLUE), boxes, strict=True):
            image.paste(colour, box)
        assert colours(fit(image, 30)) == {GREEN}
        for image_size in (15, 45):
            pixels = np.asarray(fit(image, image_size))
            assert pixels.shape == (image_size, image_size, 3)
            assert (pixels.argmax(axis=-1) == 1).all()
            assert (pixels[5:-5, 5:-5] == GREEN).all()  # the filter reaches 3 pixels, of the larger kind


def test_the_short_side_is_kept_whole():
    # 80x40: a frame of 4 around the middle 40x40 is a frame of 2 in 20x20.
    image = Image.new("L", (80, 40), 0)
    image.paste(255, (20, 0, 60, 40))
    image.paste(0, (24, 4, 56, 36))
    pixels = np.asarray(fit(image, 20)).astype(int)
    assert (pixels[[0, -1]] > 200).all()
    assert (pixels[:, [0, -1]] > 200).all()
    assert pixels[4:16, 4:16].max() < 40


def test_reduction_is_antialiased():
    checkers = Image.fromarray((np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8))
    assert np.abs(np.asarray(fit(checkers, 8)).astype(int) - 127).max() <= 6


def test_nothing_to_fit_changes_nothing():
    image = Image.new("RGB", (12, 12), RED)
    assert fit(image, 12) is image
    assert fit(Image.new("RGB", (12, 7)), None).size == (12, 7)


def test_channels():
    image = Image.new("RGB", (2, 2), (200, 100, 50))
    grey = to_pixels(image, 1)
    assert grey.shape == (2, 2, 1)
    assert grey[0, 0, 0] == round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)
    assert to_pixels(Image.new("L", (2, 2), 7), 3).tolist() == [[[7, 7, 7]] * 2] * 2
    assert to_pixels(Image.new("RGBA", (2, 2), (0, 0, 0, 0)), 3)[0, 0].tolist() == [255, 255, 255]
    assert to_pixels(image).shape == (2, 2, 3)
    assert flatten(image).mode == "RGB"


def test_a_collection_holds_its_images_once():
    collection = Collection("many", None, capacity=20, channels=None, named=False)
    for value in range(18):
        pixels = np.full((4, 5, 3), value, np.uint8)
        collection.add(pixels, (5, 4), "one of them")
        alive = weakref.ref(pixels)
        del pixels
        assert alive() is None
    images = collection.to_array()
    assert images[:, 3, 4, 2].tolist() == list(range(18))
    assert np.shares_memory(images, collection.to_array())
    assert shareable(images) is images
