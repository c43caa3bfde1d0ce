"""Small pictures that are another one mirrored or turned, pixel for pixel."""

from __future__ import annotations

import numpy as np

__all__ = ["FEWEST_VALUES", "mirrored_pairs"]

FEWEST_VALUES = 8
"""Different values a picture must have: of bars, dots and boards, whose pixels are on or off, many mirror another."""

BITS = 34
"""Bits of a weight: sums of up to 1,024 pixels of 8 bits stay below 2^52, where 64-bit numbers are exact."""


def mirrored_pairs(pixels: np.ndarray) -> list[tuple[int, int, int]]:
    """Return the pairs of pictures of which one is the other mirrored or turned by quarters, pixel for pixel.

    Every picture gets one number for each way it may lie, a weighted sum of its pixels; two pictures can only be of
    one kind where the smallest of theirs are equal, and those are compared.

    Args:
        pixels: Bytes, `(items, channels, side, side)`; of other shapes only half turns and mirrors are looked for.

    Returns:
        The first picture of its kind, a later one, and how that one must be laid to be the first, as a place in
        `layerwise.data.picture_hashes.TURNS`.

    Example:
        >>> whole = np.arange(16, dtype=np.uint8).reshape(1, 1, 4, 4)
        >>> mirrored_pairs(np.concatenate([whole, whole[..., ::-1], np.rot90(whole, 1, axes=(2, 3))]))
        [(0, 1, 4), (0, 2, 3)]
    """
    count, channels, height, width = pixels.shape
    ways = [way for way in range(8) if height == width or way % 2 == 0]
    # Of more than 1,024 pixels only a thumbnail of them is weighed; the comparison looks at all.
    step = -(-channels * height * width // 1024)
    generator = np.random.default_rng(0x316)
    weights = generator.integers(0, 1 << BITS, size=(channels, height, width)).astype(np.float64)
    weights.reshape(-1)[generator.permutation(weights.size)[weights.size // step :]] = 0
    sums = np.stack([_lying(weights, way).ravel() for way in ways], axis=1)
    numbers = np.concatenate(
        [np.empty((0, len(ways))), *(block.reshape(len(block), -1).astype(np.float64) @ sums
                                     for block in np.array_split(pixels, count // 4096 + 1))]
    )  # fmt: skip
    smallest = numbers.min(axis=1)
    order = np.argsort(smallest, kind="stable")
    found, ties = [], np.flatnonzero(np.diff(smallest[order]) == 0)
    first = -1
    for place in ties:
        if not (place and smallest[order[place - 1]] == smallest[order[place]]):
            first = int(order[place])
        other = int(order[place + 1])
        if len(np.unique(pixels[other])) < FEWEST_VALUES:
            continue
        way = next((way for way in ways if np.array_equal(_lying(pixels[other], way), pixels[first])), None)
        if way is not None:
            found.append((first, other, way))
    return sorted(found)


def _lying(pixels: np.ndarray, way: int) -> np.ndarray:
    """Return a picture turned by quarters, the second four times after left and right were exchanged."""
    flat = pixels[..., ::-1] if way >= 4 else pixels
    return np.rot90(flat, way % 4, axes=(1, 2))
