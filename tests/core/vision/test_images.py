"""Pictures: what a model reads of them, and a user's files that are broken, huge or none."""

import io
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from backend.core.vision.images import MOST_BYTES, OPENAI, normalised, read_image, read_images
from backend.errors import UserError


def saved(image, kind="PNG", **options):
    held = io.BytesIO()
    image.save(held, kind, **options)
    return held.getvalue()


def bomb(width, height):
    """A PNG of a few bytes whose header claims a great size."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def test_bytes_become_normalised_colours_with_the_channel_in_front():
    images = np.zeros((2, 3, 4, 3), np.uint8)
    images[0, :, :, 0] = 255
    pixels = normalised(images)
    assert pixels.shape == (2, 3, 3, 4) and pixels.is_contiguous()
    assert pixels[0, 0, 0, 0].item() == pytest.approx((1 - OPENAI.mean[0]) / OPENAI.std[0])
    assert pixels[1, 2, 0, 0].item() == pytest.approx(-OPENAI.mean[2] / OPENAI.std[2])
    assert torch.equal(pixels, normalised(torch.from_numpy(images)))


def test_a_picture_becomes_the_square_in_its_middle():
    wide = Image.new("RGB", (60, 20), "red")
    wide.paste("blue", (20, 0, 40, 20))
    assert (read_image(saved(wide), 10)[:, 2:8] == (0, 0, 255)).all()


def test_what_is_clear_becomes_white_and_a_turned_photograph_is_turned_back():
    assert (read_image(saved(Image.new("RGBA", (8, 8), (0, 0, 0, 0))), 8) == 255).all()
    photograph = Image.new("RGB", (16, 16), "white")
    photograph.paste("black", (0, 0, 16, 8))  # its upper half
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    seen = read_image(saved(photograph, "JPEG", exif=exif, quality=95), 16)
    assert seen[:6].mean() > 200 > 60 > seen[-6:].mean()


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "GIF", "BMP"])
def test_usual_formats_are_read(kind):
    assert read_image(saved(Image.new("RGB", (9, 7), "white"), kind), 8).shape == (8, 8, 3)


def test_files_of_a_folder_are_read_together(tmp_path):
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for path in paths:
        Image.new("L", (5, 5)).save(path)
    assert read_images(paths, 4).shape == (2, 4, 4, 3)


def test_what_is_no_whole_picture_of_a_usual_size_is_refused_in_a_sentence(tmp_path):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    whole, photograph = saved(noise), saved(noise, "JPEG")
    tiff = saved(noise, "TIFF")
    bad = [b"", b"no picture", whole[: len(whole) // 2], whole[:30], photograph[:200], tiff, bomb(30_000, 30_000)]
    bad += [bomb(9_000, 9_000), b"\0" * (MOST_BYTES + 1)]
    for data in bad:
        with pytest.raises(UserError) as told:
            read_image(data, 8, name="cat.png")
        assert "cat.png" in told.value.found and told.value.next_step
    with pytest.raises(UserError):
        read_image(tmp_path / "missing.png", 8)
