"""What the builders of networks share: the size of one example, and refusing an option outside its range."""

import math

from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["InputShape", "feature_count", "require", "require_effect"]

InputShape = int | tuple[int, ...]
"""One example: how many numbers it has, or its channels, height and width."""


def feature_count(inputs: InputShape) -> int:
    """Return how many numbers one example has.

    Example:
        >>> feature_count(4), feature_count((1, 8, 8))
        (4, 64)
    """
    return inputs if isinstance(inputs, int) else math.prod(inputs)


def require(holds: bool, option: str, value: object, allowed: str) -> None:
    """Refuse an option of a network whose value is outside its range.

    Args:
        holds: Whether the value is allowed.
        option: Name of the option.
        value: What was given.
        allowed: The range, in signs rather than words.

    Raises:
        LayerwiseError: It is not allowed.

    Example:
        >>> require(True, "k", 1, "1, 2, 3 ...")
    """
    if not holds:
        rule = say("An option must have a value that the network can use.")
        raise LayerwiseError(rule, f"{option} = {value!r}", say("{} takes {}.", option, allowed), usage=True)


def require_effect(holds: bool, option: str, value: object, beside: str, remedy: str = "") -> None:
    """Refuse an option of a network that changes nothing beside another one.

    Args:
        holds: Whether it has an effect, or was left as it is.
        option: Name of the option.
        value: What was given.
        beside: The other option with its value, in signs rather than words.
        remedy: What to do; to leave the option out when nothing is said.

    Raises:
        LayerwiseError: It has none.

    Example:
        >>> require_effect(True, "gamma", 0.5, "kernel_function = 'rbf'")
    """
    if not holds:
        remedy = remedy or say("Leave {} out.", "--" + option.replace("_", "-"))
        raise LayerwiseError(
            say("A setting must have an effect."), f"{option} = {value!r}, {beside}", remedy, usage=True
        )
