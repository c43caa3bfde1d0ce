"""What stays of a picture when it is stored again: a small sketch, and a hash of 64 bits that copies nearly share.

Two pictures are taken for copies of each other where their hashes differ in few bits and their sketches then agree,
as they are or mirrored or turned by quarters. That finds pictures that were stored with another quality, in another
format or in another size. It does not find crops, frames, text laid over, or changed colours and brightness.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "COLOURS", "GREY", "TURNS", "agree", "eight_bits", "hashes", "is_detailed", "reduced", "sketch", "sketch_of",
    "sketches", "sketches_of_reduced", "turned",
]  # fmt: skip

SIDE, GRID = 32, 8
"""Pixels a side of the grey sketch, and cells a side of the coloured one."""

GREY, COLOURS = SIDE * SIDE, 3 * GRID * GRID
"""Bytes of the grey and of the coloured part of a sketch; the grey one comes first."""

TURNS = ("as it is", "turned", "turned", "turned", "mirrored", "mirrored", "mirrored", "mirrored")
"""How a picture may lie: by 0 to 3 quarters, then the same after left and right were exchanged."""

LEAST_SPREAD = 4.0
"""Smallest standard deviation of a grey sketch (of 255) that tells pictures apart: an empty page is like any other."""

# Measured on copies of the photos of ants and bees, Flickr8k, CamVid, ORL and CIFAR-10, JPEG quality 60 to 95 and sizes
# 0.5 to 2, against all pairs of those sets; tests/data/test_near_duplicate_rates.py measures them again.
SAME_SIZE, OTHER_SIZE = (0.005, 40.0), (0.01, 100.0)
"""Largest share of the variance that may differ, a + b / side^2: storing again shows more in small pictures."""

MOST_COLOUR = 32.0
"""Most that the mean colour of a cell may differ (of 255)."""


def eight_bits(pixels: np.ndarray, maximum: float) -> np.ndarray:
    """Return pixels as bytes in which 255 is white.

    Args:
        pixels: Values from 0 to `maximum`.
        maximum: The value of full white.

    Example:
        >>> eight_bits(np.array([0, 8, 16]), 16).tolist()
        [0, 128, 255]
    """
    if pixels.dtype == np.uint8 and maximum == 255:
        return pixels
    return np.rint(np.clip(pixels * (255.0 / maximum), 0, 255)).astype(np.uint8)


def sketch(pixels: np.ndarray, maximum: float = 255.0) -> np.ndarray:
    """Return the sketch of one picture: its grey in 32 x 32 pixels, and the mean colours of 8 x 8 cells.

    Every pixel counts, by a triangle as wide as two pixels of the sketch, so that a picture of another size has nearly
    the same sketch (means of areas, whose edges jump, differ ten times as much).

    Args:
        pixels: `(channels, height, width)`, one channel or three.
        maximum: The value of full white.

    Example:
        >>> sketch(np.full((1, 40, 60), 7, np.uint8)).shape
        (1216,)
    """
    from PIL import Image

    beside = np.ascontiguousarray(eight_bits(pixels, maximum).transpose(1, 2, 0))
    return sketch_of(Image.fromarray(beside if len(pixels) == 3 else beside[..., 0]))


def sketch_of(picture: Image.Image) -> np.ndarray:
    """Return the sketch of one decoded picture, grey or in red, green and blue: that of its pixels, without a copy.

    Args:
        picture: As `layerwise.data.pictures.picture_of` returns it.
    """
    return np.asarray(sketches_of_reduced(reduced(picture)[None])[0])


def reduced(picture: Image.Image) -> np.ndarray:
    """Return a decoded picture in the size of a sketch: red, green and blue, which of a grey one are alike.

    Args:
        picture: As `layerwise.data.pictures.picture_of` returns it.

    Returns:
        Bytes, `(3, 32, 32)`.
    """
    from PIL import Image

    # A large picture is first made smaller by means of squares, which is cheaper, but for twice this size and more.
    small = np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=2))
    return np.broadcast_to(small, (3, SIDE, SIDE)) if small.ndim == 2 else small.transpose(2, 0, 1)


def sketches(pixels: np.ndarray, maximum: float = 255.0) -> np.ndarray:
    """Return the sketch of every picture of an array.

    Args:
        pixels: `(items, channels, height, width)`.
        maximum: The value of full white.
    """
    whole = eight_bits(pixels, maximum)
    if pixels.shape[2:] == (SIDE, SIDE):
        return sketches_of_reduced(whole)
    down, across = _triangles(pixels.shape[2]), _triangles(pixels.shape[3])
    # s = D x A^T, each row of D and of A the weights of one pixel of the sketch
    return sketches_of_reduced(np.rint(down @ whole.astype(np.float32) @ across.T).astype(np.uint8))


def _triangles(length: int) -> np.ndarray:
    """Return the share of every pixel of a side in each of the 32 pixels of a sketch, as Pillow has them."""
    width = length / SIDE
    middles = (np.arange(SIDE)[:, None] + 0.5) * width
    # w_x = max(0, 1 - |x + 1/2 - middle| / width), divided by their sum
    weights = np.clip(1 - np.abs(np.arange(length) + 0.5 - middles) / width, 0, None)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)


def sketches_of_reduced(planes: np.ndarray) -> np.ndarray:
    """Return the sketches of pictures that have been reduced to their size: the grey one and the coloured one.

    Args:
        planes: Bytes, `(items, channels, 32, 32)`, one channel or three.

    Returns:
        Bytes, `(items, 1216)`.
    """
    red, green, blue = (planes[:, channel if planes.shape[1] == 3 else 0] for channel in range(3))
    # Y = 0.299 R + 0.587 G + 0.114 B
    grey = np.float32(0.299) * red + np.float32(0.587) * green + np.float32(0.114) * blue
    whole = np.empty((len(planes), GREY + COLOURS), dtype=np.uint8)
    whole[:, :GREY] = np.rint(grey).reshape(len(planes), GREY)
    step, area = SIDE // GRID, (SIDE // GRID) ** 2
    for channel, plane in enumerate((red, green, blue)):
        cells = plane.reshape(len(planes), GRID, step, GRID, step).sum(axis=4, dtype=np.int32).sum(axis=2)
        start = GREY + channel * GRID * GRID
        whole[:, start : start + GRID * GRID] = ((cells + area // 2) // area).reshape(len(planes), GRID * GRID)
    return whole


def hashes(sketched: np.ndarray) -> np.ndarray:
    """Return the hash of every sketch, as it is and as each of `TURNS` would make it: `(8, items)` of 64 bits.

    A bit says whether a coefficient of the cosine transform is positive. Turning changes signs and exchanges rows and
    columns of coefficients, so that no picture is transformed twice.

        c_uv = sum_xy cos(pi (2x + 1) u / 64) cos(pi (2y + 1) v / 64) g_xy,    u, v = 0 .. 7

    Args:
        sketched: Sketches, `(items, 1216)`.

    Source: Zauner 2010, "Implementation and benchmarking of perceptual image hash functions", section 3.2.1 (with the
    sign in place of the median, which a mirrored picture keeps exactly).
    """
    frequencies, places = np.arange(8)[:, None], np.arange(SIDE)
    waves = np.cos(np.pi * (2 * places + 1) * frequencies / (2 * SIDE)).astype(np.float32)
    found = np.empty((8, len(sketched)), dtype=np.uint64)
    signs = np.where(np.arange(8) % 2, -1.0, 1.0).astype(np.float32)
    for start in range(0, len(sketched), 4096):
        grey = sketched[start : start + 4096, :GREY].reshape(-1, SIDE, SIDE).astype(np.float32)
        # c = W g W^T
        waved = waves @ grey @ waves.T
        for turn in range(8):
            # Left and right exchanged: c_uv becomes (-1)^v c_uv.
            flat = waved * signs if turn >= 4 else waved
            found[turn, start : start + 4096] = _bits(_quarters(flat, signs, turn % 4))
    return found


def _quarters(waved: np.ndarray, signs: np.ndarray, quarters: int) -> np.ndarray:
    """Return the coefficients of pictures that are turned to the left by quarters."""
    for _ in range(quarters):
        # One quarter: rows and columns exchanged, then up and down: c_uv becomes (-1)^u c_vu.
        waved = waved.transpose(0, 2, 1) * signs[:, None]
    return waved


ORDER = np.argsort(np.add.outer(np.arange(8), np.arange(8)).ravel(), kind="stable")
"""Coefficients from low to high frequencies."""


def _bits(waved: np.ndarray) -> np.ndarray:
    """Return one bit a coefficient; neighbours in frequency lie in different quarters of the 64."""
    # What rounding leaves of a coefficient that is zero has no sign.
    positive = (waved > 0.5).reshape(len(waved), 64)[:, ORDER]
    # The mean has no meaning here.
    positive[:, 0] = False
    spread = positive.reshape(len(waved), 16, 4).transpose(0, 2, 1).reshape(len(waved), 64)
    return np.packbits(spread, axis=1).view(np.uint64).ravel()


def turned(sketched: np.ndarray, turn: int) -> np.ndarray:
    """Return sketches as one of `TURNS` makes them.

    Args:
        sketched: Sketches, `(items, 1216)`.
        turn: Place in `TURNS`.
    """
    if not turn:
        return sketched
    moved = []
    for start, size, side in ((0, GREY, SIDE), (GREY, COLOURS, GRID)):
        part = sketched[:, start : start + size].reshape(len(sketched), size // side**2, side, side)
        flat = part[..., ::-1] if turn >= 4 else part
        moved.append(np.rot90(flat, turn % 4, axes=(2, 3)).reshape(len(sketched), size))
    return np.concatenate(moved, axis=1)


def is_detailed(sketched: np.ndarray) -> np.ndarray:
    """Say for every sketch whether it shows enough to be told from others.

    Args:
        sketched: Sketches, `(items, 1216)`.
    """
    spread = [
        part[:, :GREY].std(axis=1, dtype=np.float32) for part in np.array_split(sketched, len(sketched) // 4096 + 1)
    ]
    return np.asarray(np.concatenate(spread) >= LEAST_SPREAD)


def agree(first: np.ndarray, second: np.ndarray, sizes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Say of every pair of sketches whether they are of one picture.

        |a - b|^2 <= max(share of |a - mean a| |b - mean b|, one grey level a pixel),  and no cell of another colour

    Args:
        first: Sketches, `(pairs, 1216)`.
        second: As many others.
        sizes: Width and height of the pictures of `first`.
        others: Width and height of those of `second`, as they lie.
    """  # fmt: skip
    one, two = (part[:, :GREY].astype(np.float32) for part in (first, second))
    different = ((one - two) ** 2).sum(axis=1)
    spreads = one.std(axis=1) * two.std(axis=1) * GREY
    least = np.minimum(sizes.min(axis=1), others.min(axis=1))
    same = (sizes == others).all(axis=1)
    (same_flat, same_small), (other_flat, other_small) = SAME_SIZE, OTHER_SIZE
    share = np.where(same, same_flat + same_small / least**2, other_flat + other_small / least**2)
    colour = np.abs(first[:, GREY:].astype(np.float32) - second[:, GREY:]).max(axis=1)
    return np.asarray((different <= np.maximum(share * spreads, GREY)) & (colour <= MOST_COLOUR))
