"""Small data sets made by formula: the logic gates of the lectures, rings, spirals and a noisy polynomial.

Every set is the same on every machine: its random numbers come from a fixed seed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from layerwise.data.catch import catch
from layerwise.data.generated_patterns import bars_and_stripes
from layerwise.data.generated_sequences import reversal
from layerwise.data.kinds import Categories, Column, Numbers
from layerwise.data.source import Field, Source

__all__ = ["GENERATED", "generated"]

SEED = 20240301
POINTS = 400


def _gate(answers: tuple[int, ...]) -> Callable[[], dict[str, Column]]:
    """Return the maker of a logic gate: four rows of two inputs and the answer."""

    def columns() -> dict[str, Column]:
        first, second = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 1.0, 0.0, 1.0])
        return {"x1": Numbers(first), "x2": Numbers(second), "target": Categories(np.array(answers), ("0", "1"))}

    return columns


def _rings() -> dict[str, Column]:
    """Two rings around the origin: a radius of 1 or 2 with noise of 0.15, which no straight line divides."""
    generator = np.random.default_rng([SEED, 1])
    codes = np.arange(POINTS) % 2
    angle = generator.uniform(0, 2 * np.pi, POINTS)
    # r = 1 + class + noise;  x1 = r cos(angle), x2 = r sin(angle)
    radius = 1 + codes + generator.normal(0, 0.15, POINTS)
    return _plane(radius * np.cos(angle), radius * np.sin(angle), codes, ("inner", "outer"))


def _spirals() -> dict[str, Column]:
    """Two spirals of one and a half turns around each other, with noise of 0.02."""
    generator = np.random.default_rng([SEED, 2])
    codes = np.arange(POINTS) % 2
    way = np.sqrt(generator.uniform(0.02, 1, POINTS))
    # angle = 3 pi t + pi class;  x1 = t cos(angle), x2 = t sin(angle)
    angle = 3 * np.pi * way + np.pi * codes
    noise = generator.normal(0, 0.02, (2, POINTS))
    return _plane(way * np.cos(angle) + noise[0], way * np.sin(angle) + noise[1], codes, ("first", "second"))


def _plane(first: np.ndarray, second: np.ndarray, codes: np.ndarray, names: tuple[str, ...]) -> dict[str, Column]:
    """Return points of the plane with their classes."""
    return {"x1": Numbers(first), "x2": Numbers(second), "target": Categories(codes, names)}


def _polynomial() -> dict[str, Column]:
    """Sixty points of a parabola with noise of 0.5: a line fits too little, degree 10 too much."""
    generator = np.random.default_rng([SEED, 3])
    x = np.sort(generator.uniform(-3, 3, 60))
    # y = 1 - x + x^2 / 2 + noise
    y = 1 - x + x**2 / 2 + generator.normal(0, 0.5, 60)
    return {"x": Numbers(x), "target": Numbers(y)}


def _parabola() -> dict[str, Column]:
    """The lecture's figure of overfitting: 11 training points of a parabola with noise of 0.5, and 200 to test on."""
    generator = np.random.default_rng([SEED, 4])
    x = np.concatenate([np.linspace(-3, 3, 11), np.sort(generator.uniform(-3, 3, 200))])
    # y = 1 - x + x^2 / 2 + noise
    y = 1 - x + x**2 / 2 + generator.normal(0, 0.5, len(x))
    part = Categories(np.repeat([0, 1], [11, 200]), ("train", "test"))
    return {"x": Numbers(x), "target": Numbers(y), "part": part}


GENERATED: dict[str, tuple[Callable[[], dict[str, Column]], str]] = {
    "and": (_gate((0, 0, 0, 1)), "logic gate AND, four rows"),
    "or": (_gate((0, 1, 1, 1)), "logic gate OR, four rows"),
    "xor": (_gate((0, 1, 1, 0)), "logic gate XOR, four rows, not separable by a line"),
    "rings": (_rings, "two rings around each other"),
    "spirals": (_spirals, "two spirals around each other"),
    "polynomial": (_polynomial, "a parabola with noise, for regression"),
    "parabola": (_parabola, "11 training points of a parabola with noise and 200 test points, to see overfitting"),
    "bars-and-stripes": (bars_and_stripes, "14 pictures of 3x3 pixels, rows or columns light or dark, for a density"),
    "catch": (lambda: catch(SEED), "the game of Catch: the first screens of 3,000 episodes"),
    "reversal": (lambda: reversal(SEED), "10,000 sequences of 10 to 15 letters and their reversals"),
}
"""Maker and summary of every generated set."""

ROLES = {"target": "target", "reversed": "target", "part": "part"}
"""What fields of some names are for; all others are inputs."""


TASKS = {"bars-and-stripes": "density", "catch": "play"}
"""What sets were made for that do not tell it by a target."""


def generated(name: str) -> Source:
    """Return a generated set by its name.

    Example:
        >>> xor = generated("xor")
        >>> [xor.columns["target"].show(row) for row in range(4)]
        ['0', '1', '1', '0']
    """
    columns = GENERATED[name][0]()
    fields = tuple(Field(part, ROLES.get(part, "input")) for part in columns)
    return Source(
        name, "built-in", fields, columns, licence="made by formula; free of rights", task=TASKS.get(name, "")
    )
