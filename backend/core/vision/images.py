"""Pictures as a model reads them: normalised tensors of bytes, and a user's files read with care.

A file is judged by its header before its pixels are unpacked. Knows Pillow; neither models nor captions.
"""

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from backend.errors import UserError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
MOST_BYTES = 20 * 2**20
MOST_PIXELS = 40_000_000  # 160 MB unpacked; a file of some kB can claim many times that


@dataclass(frozen=True)
class Normal:
    """What is taken from red, green and blue, each from 0 to 1, and what they are divided by; OpenAI's numbers."""

    mean: tuple[float, float, float] = (0.48145466, 0.4578275, 0.40821073)
    std: tuple[float, float, float] = (0.26862954, 0.26130258, 0.27577711)


OPENAI = Normal()


def normalised(
    images: UInt8[np.ndarray, "n h w 3"] | UInt8[Tensor, "n h w 3"], normal: Normal = OPENAI
) -> Float[Tensor, "n 3 h w"]:
    """Bytes of colours as a model's pixels. Costs 4 bytes a colour, on the device that the images are on."""
    pixels = torch.as_tensor(images).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(v, device=pixels.device).view(3, 1, 1) for v in (normal.mean, normal.std))
    return ((pixels - mean) / std).contiguous()


def read_image(source: Path | bytes, side: int, name: str = "") -> UInt8[np.ndarray, "side side 3"]:
    """A user's picture as a square: its shorter edge becomes `side`, the middle is kept, what is clear becomes white.

    Of a moving picture the first frame. `name` is what to call it where it has no path.
    Raises UserError where it is missing, too large, of another format, or broken.
    """
    name = name or (source.name if isinstance(source, Path) else "The picture")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is lower
        try:
            with Image.open(io.BytesIO(_bytes(source, name)), formats=FORMATS) as image:
                _check_size(image, name)
                return _square(image, side)
        except UnidentifiedImageError as error:
            raise UserError(
                f"{name} is no picture that can be read.",
                f"one of {', '.join(FORMATS)}",
                "Save it as PNG or JPEG.",
            ) from error
        except Image.DecompressionBombError as error:
            raise _too_large(name, "more pixels than Pillow opens") from error
        except (OSError, SyntaxError, ValueError, EOFError, IndexError, OverflowError) as error:
            raise UserError(  # Pillow's readers raise any of these for a damaged file
                f"{name} is damaged: {' '.join(str(error).split())[:120]}.", "a whole file", "Copy or save it anew."
            ) from error


def read_images(paths: Sequence[Path], side: int) -> UInt8[np.ndarray, "n side side 3"]:
    """Several files, as `read_image` reads one."""
    return np.stack([read_image(path, side) for path in paths])


def _bytes(source: Path | bytes, name: str) -> bytes:
    if isinstance(source, Path) and not source.is_file():
        raise UserError(f"There is no file {source}.", "a picture", "Check the path.")
    size = source.stat().st_size if isinstance(source, Path) else len(source)
    if size > MOST_BYTES:
        raise _too_large(name, f"{size / 2**20:.0f} MB")
    return source.read_bytes() if isinstance(source, Path) else source


def _check_size(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise _too_large(name, f"{width} x {height} pixels")


def _too_large(name: str, what: str) -> UserError:
    return UserError(
        f"{name} is too large: {what}.",
        f"at most {MOST_BYTES // 2**20} MB and {MOST_PIXELS // 1_000_000} million pixels",
        "Make it smaller: a model sees a few hundred pixels a side at most.",
    )


def _square(image: Image.Image, side: int) -> UInt8[np.ndarray, "side side 3"]:
    image.draft("RGB", (side, side))  # a JPEG is unpacked no larger than needed
    turned = ImageOps.exif_transpose(image).convert("RGBA")
    white = Image.new("RGBA", turned.size, "white")
    white.alpha_composite(turned)
    fitted = ImageOps.fit(white.convert("RGB"), (side, side), Image.Resampling.BICUBIC)
    return np.asarray(fitted)
