"""What is said of new pictures that differ from those of training: of another size, of another white."""

from __future__ import annotations

from collections.abc import Sequence

from layerwise.data.image_step import ImageStep
from layerwise.data.kinds import Images
from layerwise.language import say

__all__ = ["picture_notes"]

APART = 4
"""Largest values that differ by more than this factor are taken for two ranges, not for bright and dark pictures."""


def picture_notes(step: ImageStep, columns: Sequence[Images], *, own_pixels: bool) -> list[str]:
    """Say how new pictures were brought to what the network knows, and where that was a guess.

    Args:
        step: How the pictures of training were prepared.
        columns: New pictures.
        own_pixels: Whether the answers are places in the pictures.

    Example:
        >>> import numpy as np
        >>> step = ImageStep("image", 1, 8, 8, "pad", 16.0, (0.0,), (1.0,), picture=(8, 8))
        >>> new = Images(np.zeros((2, 1, 20, 30), np.uint8), None, np.array([[30, 20], [30, 20]]), 1)
        >>> for note in picture_notes(step, [new], own_pixels=False):
        ...     print(note)
        Pictures of another size were scaled to 8x8 for the network (2 in all).
        White is 255 in the new pictures and was 16 in training: they were brought to the range of training.
    """
    sizes = [(int(width), int(height)) for column in columns for width, height in column.sizes]
    others = [size for size in sizes if step.is_of_another_size(*size)]
    notes = []
    if others:
        places = {(place.across, place.down) for place in (step.placed(*size) for size in others)}
        shown = next(iter(places)) if len(places) == 1 else (step.width, step.height)
        said = (
            say("Pictures of another size were scaled to {}x{} for the network ({} in all); answers are in their own "
                "pixels.", *shown, len(others))
            if own_pixels
            else say("Pictures of another size were scaled to {}x{} for the network ({} in all).", *shown, len(others))
        )  # fmt: skip
        notes.append(said)
    whites = dict.fromkeys(_white(step, column) for column in columns)
    return [*notes, *(note for note in whites if note)]


def _white(step: ImageStep, column: Images) -> str:
    """Say where white is another value than in training, and where it is only guessed; empty where all is well."""
    old, new = step.guessed, column.guessed
    if old is not None and new is not None:
        low, high = sorted((old, new))
        if high <= APART * low and (step.maximum == column.maximum or min(step.maximum, column.maximum) > 255):
            return ""
        return say(
            "The largest value is {:g} in the new pictures and was {:g} in training; if these are two ranges, "
            "the answers mean nothing: bring the new pictures to the range of training.", new, old,
        )  # fmt: skip
    if new is not None:
        return say(
            "White was guessed to be {:g} in the new pictures, whose largest value is {:g}; if it is not, the answers "
            "mean nothing: give bytes (uint8), whose white is 255.", column.maximum, new,
        )  # fmt: skip
    if old is not None:
        return say(
            "White was guessed to be {:g} in training, where the largest value was {:g}, and is {:g} in the new "
            "pictures; if the guess was wrong, the answers mean nothing: train on bytes (uint8), or ask about arrays "
            "in the range of training.", step.maximum, old, column.maximum,
        )  # fmt: skip
    if column.maximum == step.maximum:
        return ""
    return say(
        "White is {:g} in the new pictures and was {:g} in training: they were brought to the range of training.",
        column.maximum, step.maximum,
    )  # fmt: skip
