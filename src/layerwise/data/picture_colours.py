"""What the values of a picture file mean (inks, profiles, bits, a transparent colour) and how they become plain bytes.

Colours become sRGB, inks red, green and blue, transparent pixels lie over white, 16 bits are scaled to 8. What was done
to a picture is told by its `Colours`, so that nothing is changed in silence.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from layerwise.language import say

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Colours", "UnreadablePicture", "colours_of", "is_grey", "mend_transparency", "plain_colours"]

GREY = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N")
SEEN_THROUGH = ("RGBA", "LA", "PA", "RGBa", "La")

SAME = 2
"""Most levels by which a profile may change a colour and still be that of sRGB: tables of it are rounded."""

USUAL_GAMMA = 0.45455
"""The gamma that a PNG announces where it is that of sRGB: 1 / 2.2."""

STEPS = {"L;2": 85, "L;4": 17}
"""By what Pillow multiplies grey of 2 and 4 bits, but not the transparent one of them."""


class UnreadablePicture(Exception):
    """A file that is no picture, or not a whole one; its message says why in one phrase.

    Args:
        found: The phrase.
        remedy: What the user can do, where it is not the usual.
    """

    def __init__(self, found: str, remedy: str = "") -> None:
        super().__init__(found)
        self.remedy = remedy


@dataclass(frozen=True)
class Colours:
    """What the values of a picture mean.

    Args:
        bits: Bits of a value, where they are more than 8 and are scaled down; 8 otherwise.
        alpha: True where pixels may be transparent.
        profile: `applied` where a colour profile other than sRGB is, `unreadable` where it is damaged; empty otherwise.
        inks: True where cyan, magenta, yellow and black become red, green and blue by plain subtraction.
        upright: True where inks are stored as they are, and not as their absence, as Adobe's programs do in a JPEG.
        gamma: True where a gamma other than that of sRGB is announced, which is not applied.
    """

    bits: int = 8
    alpha: bool = False
    profile: str = ""
    inks: bool = False
    upright: bool = False
    gamma: bool = False


def colours_of(picture: Image.Image) -> Colours:
    """Return what the values of a picture mean; it must not have been decoded yet.

    Raises:
        UnreadablePicture: Values have no known white, or a transparent colour cannot be told from its neighbours.
    """
    if picture.mode == "F" or picture.mode.startswith("RGB;"):
        raise UnreadablePicture(say("values of mode {} have no known white", picture.mode))
    bits = _bits(picture)
    if bits == 16 and isinstance(picture.info.get("transparency"), tuple):
        raise UnreadablePicture(say("a transparent colour of 16 bits cannot be told apart in 8"))
    profile = ""
    if picture.info.get("icc_profile"):
        found = _transform(picture.info["icc_profile"], _mode_of_colours(picture))
        profile = {"same": "", "unreadable": "unreadable"}.get(found.name, "applied")
    inks = picture.mode == "CMYK"
    announced = picture.info.get("gamma")
    odd = announced and abs(announced / USUAL_GAMMA - 1) > 0.05 and "srgb" not in picture.info
    return Colours(
        bits=bits, alpha=picture.mode in SEEN_THROUGH or "transparency" in picture.info, profile=profile,
        inks=inks and profile != "applied", upright=inks and picture.format == "JPEG" and "adobe" not in picture.info,
        gamma=bool(odd) and not profile,
    )  # fmt: skip


def is_grey(picture: Image.Image) -> bool:
    """Say whether a picture that was not decoded yet has no colours."""
    return picture.mode in GREY or _raw_mode(picture).startswith("LA")


def plain_colours(picture: Image.Image, meaning: Colours) -> Image.Image:
    """Return a decoded picture as 8-bit grey or sRGB without transparency.

    Args:
        picture: A picture whose pixels were read.
        meaning: What `colours_of` said of it before.

    Raises:
        UnreadablePicture: Whole numbers go beyond 16 bits.
    """
    from PIL import Image, ImageChops

    if picture.mode.startswith("I"):
        picture = _from_16_bits(picture)
    if meaning.upright:
        # Pillow takes the inks of every JPEG for those of Adobe, whose 255 is no ink.
        picture = ImageChops.invert(picture)
    mask = None
    if meaning.alpha and (picture.mode in SEEN_THROUGH or "transparency" in picture.info):
        whole = picture.convert("RGBA")
        picture, mask = whole.convert("RGB"), whole.getchannel("A")
    if meaning.profile == "applied":
        picture = _applied(picture)
    if mask is None:
        return picture
    # c alpha + 255 (1 - alpha)
    return Image.composite(picture.convert("RGB"), Image.new("RGB", picture.size, (255, 255, 255)), mask)


def _from_16_bits(picture: Image.Image) -> Image.Image:
    """Return grey of 16 bits in 8, its transparent value white."""
    from PIL import Image

    values = np.asarray(picture).astype(np.int64)
    if values.size and (values.min() < 0 or values.max() > 65535):
        raise UnreadablePicture(say("whole numbers beyond 16 bits have no known white"))
    # 65535 = 257 * 255, so that full white stays full white.
    scaled = ((values + 128) // 257).astype(np.uint8)
    through = picture.info.get("transparency")
    grey = Image.fromarray(np.where(values == through, 255, scaled).astype(np.uint8) if through is not None else scaled)
    grey.info = {name: value for name, value in picture.info.items() if name != "transparency"}
    return grey


def mend_transparency(picture: Image.Image) -> None:
    """Bring the transparent value of grey of 2 or 4 bits to where Pillow brings the pixels."""
    step, through = STEPS.get(_raw_mode(picture), 0), picture.info.get("transparency")
    if step and isinstance(through, int) and picture.format == "PNG":
        picture.info["transparency"] = min(255, through * step)


def _raw_mode(picture: Image.Image) -> str:
    """Return how the values stand in the file, where Pillow knows it before it decodes."""
    tiles = getattr(picture, "tile", None)
    found: Any = tiles[0][3] if tiles else ""
    found = found[0] if isinstance(found, tuple) and found else found
    return found if isinstance(found, str) else ""


def _bits(picture: Image.Image) -> int:
    """Return how many bits a value has, where they are more than 8."""
    if picture.mode.startswith("I") or ";16" in _raw_mode(picture):
        return 16
    tiles = getattr(picture, "tile", None)
    if tiles and tiles[0][0] in ("ppm", "ppm_plain"):
        # The largest value stands last: (mode, largest) or the largest alone.
        largest = tiles[0][3][-1] if isinstance(tiles[0][3], tuple) else tiles[0][3]
        return 16 if isinstance(largest, int) and largest > 255 else 8
    announced = picture.info.get("bit_depth", 8)
    return int(announced) if isinstance(announced, int) and announced > 8 else 8


def _mode_of_colours(picture: Image.Image) -> str:
    """Return the mode that the pixels have when a profile is applied to them."""
    if picture.mode == "CMYK":
        return "CMYK"
    seen_through = picture.mode in SEEN_THROUGH or "transparency" in picture.info
    return "L" if picture.mode in GREY and not seen_through else "RGB"


@dataclass(frozen=True)
class _Transform:
    """How a profile turns pixels of a mode into sRGB: `same` and `unreadable` ones change nothing."""

    name: str
    mode: str = ""
    lookup: Any = None


def _applied(picture: Image.Image) -> Image.Image:
    """Return a picture with its profile applied."""
    from PIL import ImageCms

    mode = picture.mode if picture.mode in ("L", "CMYK") else "RGB"
    found = _transform(picture.info["icc_profile"], mode)
    turned = ImageCms.applyTransform(picture.convert(found.mode), found.lookup) if found.lookup else picture
    # A grey picture stays grey: its three channels are equal but for rounding.
    return turned.convert("L") if turned is not None and mode == "L" else turned or picture


# Profiles are few, so that each is looked at once.
@lru_cache(maxsize=64)
def _transform(profile: bytes, mode: str) -> _Transform:
    """Return what a profile does to pixels of a mode, with relative colours and black kept black."""
    from PIL import ImageCms

    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = opened.profile.xcolor_space.strip()
        taken = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}.get(space, "")
        if not taken or (taken == "CMYK") != (mode == "CMYK") or (taken == "L" and mode == "RGB"):
            return _Transform("unreadable")
        # Threads share it: without the memory of the last colour it may be used by several at once.
        lookup = ImageCms.buildTransform(
            opened, ImageCms.createProfile("sRGB"), taken, "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.NOCACHE,
        )  # fmt: skip
        probe = _probe(taken)
        turned = ImageCms.applyTransform(probe, lookup)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return _Transform("unreadable")
    if taken != "CMYK" and turned is not None:
        before = np.asarray(probe.convert("RGB"), dtype=np.int64)
        if np.abs(np.asarray(turned, dtype=np.int64) - before).max() <= SAME:
            return _Transform("same")
    return _Transform("applied", taken, lookup)


def _probe(mode: str) -> Image.Image:
    """Return a picture that holds colours from all over a mode."""
    from PIL import Image

    levels = np.arange(256, dtype=np.uint8) if mode == "L" else np.linspace(0, 255, 8).astype(np.uint8)
    if mode == "L":
        return Image.fromarray(levels[None])
    grid = np.stack(np.meshgrid(*[levels] * len(mode), indexing="ij"), axis=-1).reshape(1, -1, len(mode))
    return Image.frombytes(mode, (grid.shape[1], 1), grid.tobytes())
