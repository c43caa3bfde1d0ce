"""Buffers whose size the data decide: they take the size of those in a weights file when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["make_room"]


def make_room(module: nn.Module, *names: str) -> None:
    """Let buffers of a module take size and type of those in a weights file before it is read.

    Args:
        module: Who holds them; its parts make room themselves.
        names: Names of the buffers.

    Example:
        >>> stored = nn.Module()
        >>> stored.register_buffer("rows", torch.zeros(0))
        >>> make_room(stored, "rows")
        >>> _ = stored.load_state_dict({"rows": torch.ones(3)})
        >>> len(stored.rows)
        3
    """
    # Not a function within a function: networks travel to other processes.
    module.register_load_state_dict_pre_hook(partial(_take_size, names))  # type: ignore[no-untyped-call]


def _take_size(
    names: tuple[str, ...], module: nn.Module, state: Mapping[str, Tensor], prefix: str, *_: Any
) -> None:  # fmt: skip
    """Give the buffers the size of those in a weights file before they are read."""
    for name in names:
        if prefix + name in state:
            setattr(module, name, torch.empty_like(state[prefix + name]))
