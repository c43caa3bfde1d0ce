"""The game of Catch: a ball falls down a board of 10 x 5, a paddle in the last row moves under it or misses it."""

from __future__ import annotations

import numpy as np

from layerwise.data.kinds import Categories, Column, Images

__all__ = ["HEIGHT", "WIDTH", "catch", "first_screens"]

HEIGHT, WIDTH = 10, 5
"""Rows and columns of the board."""

TRAINING, TEST = 2000, 1000
"""Episodes of the built-in set."""


def first_screens(count: int, generator: np.random.Generator) -> np.ndarray:
    """Return the first screen of some episodes, `(episodes, 1, 10, 5)`: ball in the first row, paddle in the last.

    Both columns are drawn evenly and apart, so that moves that do not look at the screen catch one ball in five,
    whatever they are: a mean return of -0.6.

    Args:
        count: Number of episodes.
        generator: Where they are drawn from.

    Example:
        >>> screens = first_screens(3, np.random.default_rng(0))
        >>> screens.shape, screens.sum(axis=(1, 2, 3)).tolist()
        ((3, 1, 10, 5), [2, 2, 2])
    """
    screens = np.zeros((count, 1, HEIGHT, WIDTH), dtype=np.uint8)
    ball, paddle = generator.integers(WIDTH, size=(2, count))
    each = np.arange(count)
    screens[each, 0, 0, ball] = 1
    screens[each, 0, HEIGHT - 1, paddle] = 1
    return screens


def catch(seed: int) -> dict[str, Column]:
    """Return the first screens of 2,000 episodes to learn from and 1,000 to be tested on.

    Args:
        seed: Seed of both.

    Source: V. Mnih and others, Recurrent Models of Visual Attention, 2014, section 4.2 (the game).
    """
    drawn = [first_screens(count, np.random.default_rng([seed, place])) for place, count in enumerate((TRAINING, TEST))]
    screens = np.concatenate(drawn)
    parts = Categories(np.repeat(np.array([0, 1], dtype=np.int32), (TRAINING, TEST)), ("train", "test"))
    sizes = np.tile(np.array([WIDTH, HEIGHT]), (len(screens), 1))
    return {"screen": Images(screens, None, sizes, channels=1, maximum=1.0), "part": parts}
