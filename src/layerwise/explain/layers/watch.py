"""Watch one example pass through a network: which layers and functions ran, on what, and how much they computed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from layerwise.explain.layers.receptive_field import Field, Window, field_after, window_of

__all__ = ["Call", "Watch", "first_tensor"]

RESHAPING = frozenset((
    "flatten", "view", "reshape", "squeeze", "unsqueeze", "permute", "transpose", "contiguous", "get", "getitem",
    "expand", "expand_as", "to", "float", "double", "clone", "detach", "t", "movedim", "swapaxes", "chunk", "split",
    "new_zeros", "new_ones", "new_full", "new_empty", "zeros_like", "ones_like", "full_like", "gather", "take",
    "take_along_dim", "index_select", "masked_select", "masked_fill", "where", "stack", "unbind", "flip", "roll",
    "narrow", "select", "repeat", "repeat_interleave", "tile",
))  # fmt: skip
"""Functions that only arrange, choose or cover values, or make constants; they have no row."""

ENCODING = frozenset(("one_hot",))
"""Functions whose whole numbers a layer reads; all others that make no real numbers count places and have no row."""

ARRANGING = (nn.Flatten, nn.Unflatten, nn.Identity)
"""Modules that only arrange values."""


@dataclass(frozen=True)
class Call:
    """One call of a layer, or of a function between layers.

    Args:
        name: Path and, from the second call on, its number.
        module: The layer, or None for a function.
        function: Name of the function, or empty.
        source: Which call made its first input; None for the example itself.
        shape: Shape of its output without the batch.
        bytes: Memory of its output.
        multiply_adds: Products of its convolutions and matrix products.
        parameters: What it learns.
        window: What it moves over its input, if it moves one window.
        field: What one cell of its output sees of the example.
    """

    name: str
    module: nn.Module | None
    function: str
    source: int | None
    shape: tuple[int, ...]
    bytes: int
    multiply_adds: int
    parameters: tuple[nn.Parameter, ...]
    window: Window | None
    field: Field | None


class Watch(TorchFunctionMode):
    """Note every call while the `with` block runs; the network is left without hooks.

    A layer is a module without parts. A network that has no parts itself is watched by its functions, unless it is one
    of torch's own layers.

    Args:
        model: The network.
        example: What it will be called with.
    """

    def __init__(self, model: nn.Module, example: Tensor) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self._layers = {path: part for path, part in model.named_modules() if _is_layer(path, part)}
        self._kept: list[Tensor] = [example]
        # By the identity of a tensor, which holds since all of them are kept: the call that made it, and what it sees.
        self._makers: dict[int, int | None] = {id(example): None}
        spatial = example.dim() - 2
        self._fields: dict[int, Field | None] = {
            id(example): Field((1,) * spatial, (1,) * spatial) if spatial else None
        }
        self._inside: list[str] = []
        self._windows: list[Window] = []
        self._before = 0
        self._counts: dict[str, int] = {}
        self._flops = FlopCounterMode(display=False, custom_mapping={torch.ops.aten.mkldnn_rnn_layer: _fused_lstm})
        self._stack = ExitStack()

    def __enter__(self) -> Watch:
        """Begin."""
        self._stack.enter_context(self._flops)
        for path, layer in self._layers.items():
            self._hook(path, layer)
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        super().__exit__(kind, error, trace)  # type: ignore[no-untyped-call]
        self._stack.close()

    def __torch_function__(
        self, function: Any, types: Sequence[type], arguments: tuple[Any, ...] = (), keywords: Any = None
    ) -> Any:
        """Run one torch function and note what came of it."""
        name, keywords = function.__name__.strip("_"), keywords or {}
        before = self._flops.get_total_flops()
        result = function(*arguments, **keywords)
        given = list(_tensors((arguments, tuple(keywords.values()))))
        followed = [part for part in given if id(part) in self._makers]
        output = first_tensor(result)
        if output is None or not followed:
            return result
        window = window_of(name, arguments, keywords)
        field = field_after(name, window, [self._fields[id(part)] for part in followed])
        if window:
            self._windows.append(window)
        # Where places are chosen by whole numbers, the values are what is followed.
        source = next((part for part in followed if _is_real(part)), followed[0])
        self._keep(result, self._makers[id(source)], field)
        if not self._inside and name not in RESHAPING and (_is_real(output) or name in ENCODING):
            learned = tuple(part for part in given if isinstance(part, nn.Parameter))
            self._note(self._numbered(name), None, name, source, result, before, learned, window)
        return result

    def _hook(self, path: str, layer: nn.Module) -> None:
        """Follow one layer."""

        def enter(module: nn.Module, arguments: tuple[Any, ...]) -> None:
            if not self._inside:
                self._before = self._flops.get_total_flops()
                self._windows.clear()
            self._inside.append(path)

        def leave(module: nn.Module, arguments: tuple[Any, ...], result: Any) -> None:
            self._inside.pop()
            given = next((part for part in _tensors(arguments) if id(part) in self._makers), None)
            if self._inside or given is None or isinstance(module, ARRANGING):
                return
            window = self._windows[0] if len(self._windows) == 1 else None
            name = self._numbered(path or type(module).__name__)
            self._note(name, module, "", given, result, self._before, tuple(module.parameters()), window)

        self._stack.callback(layer.register_forward_pre_hook(enter).remove)
        self._stack.callback(layer.register_forward_hook(leave).remove)

    def _note(
        self, name: str, module: nn.Module | None, function: str, given: Tensor, result: Any, before: int,
        learned: tuple[nn.Parameter, ...], window: Window | None,
    ) -> None:  # fmt: skip
        """Note one call."""
        output = first_tensor(result)
        if output is None:
            return
        source = self._makers[id(given)]
        field = self._fields.get(id(output))
        # torch counts a product and its addition as two.
        products = (self._flops.get_total_flops() - before) // 2
        shape = tuple(output.shape[1:])
        memory = output.numel() * output.element_size()
        self.calls.append(Call(name, module, function, source, shape, memory, products, learned, window, field))
        self._keep(result, len(self.calls) - 1, field)

    def _keep(self, result: Any, maker: int | None, field: Field | None) -> None:
        """Remember who made each tensor of a result."""
        for part in _tensors((result,)):
            self._kept.append(part)
            self._makers[id(part)] = maker
            self._fields[id(part)] = field

    def _numbered(self, name: str) -> str:
        """Name a call: the second one of the same layer is `C1 (2)`."""
        self._counts[name] = self._counts.get(name, 0) + 1
        return name if self._counts[name] == 1 else f"{name} ({self._counts[name]})"


def _fused_lstm(
    inputs: Sequence[int], input_weight: Sequence[int], recurrent_weight: Sequence[int], *others: Any, out_shape: Any
) -> int:
    """Return the operations of an LSTM that the processor computes at once, from the shapes of its arguments."""
    steps, batch = inputs[0], inputs[1]
    # torch counts a product and its addition as two.
    return 2 * steps * batch * (math.prod(input_weight) + math.prod(recurrent_weight))


def _is_layer(path: str, module: nn.Module) -> bool:
    """Say whether a module is one layer of the table."""
    from_torch = type(module).__module__.startswith("torch.nn")
    if isinstance(module, nn.MultiheadAttention):
        return True
    return not any(module.children()) and (bool(path) or from_torch)


def _tensors(values: Any) -> list[Tensor]:
    """Return the tensors in nested tuples, lists and mappings, in their order."""
    if isinstance(values, Tensor):
        return [values]
    if isinstance(values, Mapping):
        values = tuple(values.values())
    return [part for value in values for part in _tensors(value)] if isinstance(values, tuple | list) else []


def _is_real(values: Tensor) -> bool:
    """Say whether a tensor holds real or complex numbers, not whole numbers or truth values."""
    return values.is_floating_point() or values.is_complex()


def first_tensor(result: Any) -> Tensor | None:
    """Return the first tensor of a result."""
    return next(iter(_tensors((result,))), None)
