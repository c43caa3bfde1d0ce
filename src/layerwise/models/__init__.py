"""Networks, one file a family: a builder takes the shape of one example and the number of outputs.

`build` finds a network by its name in the catalogue, or in a user's own file. Keyword-only parameters of a builder are
its options; there is no second description of them.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from layerwise.catalog import find
from layerwise.config import fits, words
from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say

if TYPE_CHECKING:
    from torch import nn

__all__ = ["build"]


def build(
    name: str, inputs: int | tuple[int, ...], outputs: int, options: Mapping[str, Any] | None = None
) -> nn.Module:
    """Build a network with fresh weights; the same torch seed gives the same weights.

    Args:
        name: Name in the catalogue, or a file and what to call in it: `my_net.py:MyNet`.
        inputs: How many numbers one example has, or its channels, height and width.
        outputs: Number of classes or target numbers.
        options: Options of the network by name.

    Raises:
        LayerwiseError: The name or an option is unknown (the nearest is named), or an option has a wrong type.

    Example:
        >>> [tuple(parameter.shape) for parameter in build("mlp", 4, 3, {"hidden": (5,)}).parameters()]
        [(5, 4), (5,), (3, 5), (3,)]
    """
    if ".py:" in name:
        from layerwise.models.own import build_own

        return build_own(name, inputs, outputs, options or {})
    builder = find("model", name)
    built: nn.Module = builder(inputs, outputs, **checked_options(name, builder, options or {}))
    return built


def checked_options(name: str, builder: Callable[..., Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Check options against the keyword-only parameters of a builder; lists become tuples and whole numbers numbers.

    Args:
        name: Name of the network, for messages.
        builder: What will take them.
        options: Values by name.

    Raises:
        LayerwiseError: An option is unknown (the nearest is named), or a value has another type.

    Example:
        >>> from layerwise.models.mlp import mlp
        >>> checked_options("mlp", mlp, {"hidden": [5, 5]})
        {'hidden': (5, 5)}
    """
    signature, hints = inspect.signature(builder), typing.get_type_hints(builder)
    known = [part.name for part in signature.parameters.values() if part.kind is part.KEYWORD_ONLY]
    checked = {}
    for option, value in options.items():
        if option not in known:
            raise LayerwiseError(
                say("An option must belong to the {} it is given to.", say("model")), f"{option} ({name})",
                nearest(option, known) if known else say("'{}' has no options.", name), usage=True,
            )  # fmt: skip
        checked[option] = tuple(value) if isinstance(value, list) else value
        if not fits(checked[option], hints[option]):
            rule = say("An option must have a value that the network can use.")
            found = f"{option} = {value!r} ({name})"
            raise LayerwiseError(rule, found, say("{} takes {}.", option, words(hints[option])), usage=True)
        if hints[option] is float:
            checked[option] = float(value)
    return checked
