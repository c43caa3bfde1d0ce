"""Catch every torch function that is called, and note those that depend on the parameters or the batch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode, resolve_name

from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["Leaf", "Link", "Operation", "OperationRecorder", "tensors_of"]

Role = Literal["parameter", "batch", "data"]

DRAWN = frozenset(
    (
        "rand", "randn", "randint", "rand_like", "randn_like", "randint_like", "bernoulli", "multinomial", "normal",
        "uniform", "poisson", "randperm", "exponential",
    )
)  # fmt: skip
"""Operations that draw: what they drew is data, not arithmetic."""

SHAPED = frozenset(
    ("new_zeros", "new_ones", "new_full", "new_empty", "zeros_like", "ones_like", "full_like", "empty_like")
)
"""Operations that take only the shape of their argument: what they make is data."""

STACKED = frozenset(("lstm", "gru", "rnn_tanh", "rnn_relu"))
"""Recurrent layers: one call computes all layers and draws the masks between them."""

MASKED = frozenset(("dropout", "dropout1d", "dropout2d", "dropout3d", "feature_dropout"))
"""Operations that draw a mask and multiply by it."""


@dataclass(frozen=True)
class Link:
    """Stands in an operation's arguments for a tensor: the place of its value."""

    place: int


@dataclass(frozen=True)
class Leaf:
    """A value that no noted operation made.

    Args:
        role: A parameter, a tensor of the batch, or data: buffers, constants and whatever was drawn.
        name: Path of the parameter, field of the batch, or an empty text.
        tensor: The value.
    """

    role: Role
    name: str
    tensor: Tensor


@dataclass(frozen=True)
class Operation:
    """One call of a torch function.

    Args:
        name: The function's own name: `conv2d`, `add`, `getitem`.
        arguments: Its arguments, links in place of tensors.
        keywords: Its keyword arguments, likewise.
        outputs: Places of its results.
        shape: Shape of the first result.
        module: Path of the module it was called in.
        file: Source file of the caller outside torch.
        line: Line in that file.
        passes_gradient: False inside `torch.no_grad()`.
        floating: Whether each result holds real numbers.
    """

    name: str
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any]
    outputs: tuple[int, ...]
    shape: tuple[int, ...]
    module: str
    file: str
    line: int
    passes_gradient: bool
    floating: tuple[bool, ...]

    def where(self) -> str:
        """Return file and line as a message names them."""
        return f"{Path(self.file).name}:{self.line}"

    def direct(self) -> list[int]:
        """Return the places of its direct arguments."""
        return [part.place for part in (*self.arguments, *self.keywords.values()) if isinstance(part, Link)]

    def taken(self) -> set[int]:
        """Return the places of all arguments, those inside lists included."""
        return {link.place for link in _links((self.arguments, tuple(self.keywords.values())))}


class OperationRecorder(TorchFunctionMode):
    """Notes operations on values that depend on the parameters or the batch; all others are data.

    Args:
        keep: Copy every value.
        known: Names of operations that can be done again. Any other that no parameter has a part in, such as finding
            the cell that answers for an object, makes data: no gradient passes it. None where all are to be noted.
    """

    def __init__(self, keep: bool, known: frozenset[str] | None = None) -> None:
        super().__init__()
        self.keep = keep
        self.known = known
        self.learned: set[int] = set()
        self.copies: dict[int, Tensor] = {}
        self.operations: list[Operation] = []
        self.leaves: dict[int, Leaf] = {}
        self.stack: list[str] = []
        # Tensors are known by identity; holding them keeps an identity from being used twice.
        self.places: dict[int, int] = {}
        self.held: list[Tensor] = []
        self.stale: set[int] = set()
        self.differentiable: dict[int, bool] = {}

    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        keywords = dict(kwargs or {})
        name = _name(function)
        tensors = list(tensors_of((args, keywords)))
        if not any(self.depends(tensor) or tensor.grad_fn is not None for tensor in tensors):
            return function(*args, **keywords)
        if name in MASKED and (keywords.get("training", args[2] if len(args) > 2 else True)):
            return self.mask(name, function, args, keywords)
        if name in STACKED and len(args) == 9 and isinstance(args[2], list) and args[4] > 1 and args[5] and args[6]:
            return layer_by_layer(self, function, args)
        versions = [tensor._version for tensor in tensors]
        # Linked before the call, since an operation in place changes what its arguments are.
        arguments, linked = _linked(args, self), _linked(keywords, self)
        output = function(*args, **keywords)
        made = list(tensors_of(output))
        if not made or name in DRAWN or name in SHAPED:
            return output
        changed = [tensor for tensor, version in zip(tensors, versions, strict=True) if tensor._version != version]
        if self.known is not None and name not in self.known and not self.learns(tensors):
            for tensor in made:
                self.add(tensor, Leaf("data", "", tensor.detach().clone()))
        else:
            self.note(name, arguments, linked, made)
        for tensor in changed:
            self.outdate(tensor)
        return output

    def note(self, name: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any], made: list[Tensor]) -> None:
        """Append an operation and give its results places."""
        # Before the results get their places: an operation in place gives an argument a new one.
        taken = {link.place for link in _links((arguments, tuple(keywords.values())))}
        places = tuple(self.add(tensor, None) for tensor in made)
        if taken & self.learned:
            self.learned.update(places)
        file, line = _caller()
        module = self.stack[-1] if self.stack else ""
        passes, floating = torch.is_grad_enabled(), tuple(tensor.is_floating_point() for tensor in made)
        self.operations.append(
            Operation(name, arguments, keywords, places, tuple(made[0].shape), module, file, line, passes, floating)
        )

    def mask(self, name: str, function: Any, args: tuple[Any, ...], keywords: Mapping[str, Any]) -> Tensor:
        """Draw the mask as torch would in float32, apply it, and note it as data."""
        values: Tensor = args[0] if args else keywords["input"]
        probability = float(args[1] if len(args) > 1 else keywords.get("p", 0.5))
        ones = torch.ones_like(values, dtype=torch.float32)
        kept = function(ones, probability, True) != 0
        link = self.link(values)
        factor = kept.to(values.dtype) / (1 - probability) if probability < 1 else torch.zeros_like(values)
        if keywords.get("inplace", args[3] if len(args) > 3 else False):
            output: Tensor = values.mul_(factor)
            self.note("dropout", (link, kept.numpy(force=True), probability), {}, [output])
            self.outdate(values)
            return output
        output = values * factor
        self.note("dropout", (link, kept.numpy(force=True), probability), {}, [output])
        return output

    def add(self, tensor: Tensor, leaf: Leaf | None) -> int:
        """Give a tensor a new place."""
        place = len(self.held)
        self.held.append(tensor)
        self.places[id(tensor)] = place
        self.stale.discard(id(tensor))
        self.differentiable[id(tensor)] = tensor.requires_grad
        if self.keep:
            self.copies[place] = tensor.detach().clone()
        if leaf is not None:
            self.leaves[place] = leaf
            if leaf.role == "parameter":
                self.learned.add(place)
        return place

    def learns(self, tensors: list[Tensor]) -> bool:
        """Say whether a parameter has a part in any of these values."""
        return any(self.places.get(id(tensor)) in self.learned or tensor.grad_fn is not None for tensor in tensors)

    def depends(self, tensor: Tensor) -> bool:
        """Say whether a tensor was made from parameters or the batch, or is one of them."""
        place = self.places.get(id(tensor))
        leaf = None if place is None else self.leaves.get(place)
        return place is not None and (leaf is None or leaf.role != "data")

    def link(self, tensor: Tensor) -> Link:
        """Return the place of a tensor; one not seen before is data, unless a hidden operation made it."""
        # A function with a backward of its own gives its result a gradient that no noted operation has.
        hidden = tensor.requires_grad and not self.differentiable.get(id(tensor), tensor.is_leaf)
        if hidden or id(tensor) in self.stale:
            file, line = _caller()
            raise LayerwiseError(
                say("A replay must see every operation."),
                say("{}:{}: a value was made or changed where it could not be followed", Path(file).name, line),
                say("Write that step with plain tensor operations, without changing a tensor in place."),
            )
        if id(tensor) not in self.places:
            self.add(tensor, Leaf("data", "", tensor.detach().clone()))
        return Link(self.places[id(tensor)])

    def outdate(self, changed: Tensor) -> None:
        """Forget other names of the memory that an operation changed in place."""
        memory = changed.untyped_storage().data_ptr()
        for tensor in self.held:
            if tensor is not changed and tensor.untyped_storage().data_ptr() == memory:
                self.stale.add(id(tensor))


def layer_by_layer(recorder: OperationRecorder, function: Any, args: tuple[Any, ...]) -> tuple[Tensor, ...]:
    """Call each layer of a recurrent stack by itself, so that the masks drawn between two layers can be noted.

    Args:
        recorder: Notes the calls.
        function: `torch.lstm` or its like.
        args: inputs, first states, parameters, biases?, layers, dropout, training?, both directions?, batch first?
    """

    def call(noted: Any, *arguments: Any) -> Any:
        return recorder.__torch_function__(noted, (), arguments)

    inputs, start, parameters, biases, layers, probability, training, both, batch_first = args
    directions, each = 1 + both, len(parameters) // layers
    starts = start if isinstance(start, tuple | list) else (start,)
    values = call(Tensor.transpose, inputs, 0, 1) if batch_first else inputs
    ends: list[list[Tensor]] = [[] for _ in starts]
    for layer in range(layers):
        if layer:
            values = call(torch.nn.functional.dropout, values, probability, True)
        rows = slice(layer * directions, (layer + 1) * directions)
        own = [call(Tensor.__getitem__, part, rows) for part in starts]
        first = tuple(own) if isinstance(start, tuple | list) else own[0]
        weights = parameters[layer * each : (layer + 1) * each]
        values, *last = call(function, values, first, weights, biases, 1, 0.0, training, both, False)
        for kept, end in zip(ends, last, strict=True):
            kept.append(end)
    outputs = call(Tensor.transpose, values, 0, 1) if batch_first else values
    return (outputs, *(call(torch.cat, kept) for kept in ends))


def _name(function: Callable[..., Any]) -> str:
    """Return the plain name of a torch function: `add` for `torch.Tensor.__iadd__`, `T` for its getter."""
    parts = (resolve_name(function) or function.__name__).split(".")
    name = parts[-2] if parts[-1] == "__get__" else parts[-1]
    if name.startswith("__"):
        return name.strip("_")
    return name.rstrip("_")


def tensors_of(tree: Any) -> Iterator[Tensor]:
    """Yield the tensors of nested arguments."""
    if isinstance(tree, Tensor):
        yield tree
    elif isinstance(tree, tuple | list):
        for part in tree:
            yield from tensors_of(part)
    elif isinstance(tree, dict):
        yield from tensors_of(list(tree.values()))


def _links(tree: Any) -> Iterator[Link]:
    """Yield the links of nested arguments."""
    if isinstance(tree, Link):
        yield tree
    elif isinstance(tree, tuple | list):
        for part in tree:
            yield from _links(part)


def _linked(tree: Any, recorder: OperationRecorder) -> Any:
    """Return nested arguments with links in place of tensors."""
    if isinstance(tree, Tensor):
        return recorder.link(tree)
    if isinstance(tree, tuple | list):
        parts = [_linked(part, recorder) for part in tree]
        return parts if isinstance(tree, list) else tuple(parts)
    if isinstance(tree, dict):
        return {name: _linked(part, recorder) for name, part in tree.items()}
    return tree


def _caller() -> tuple[str, int]:
    """Return the innermost source line outside torch and this file."""
    torch_folder = str(Path(torch.__file__).parent)
    frame = sys._getframe(1)
    while frame.f_back is not None and (
        frame.f_code.co_filename == __file__ or frame.f_code.co_filename.startswith((torch_folder, "<"))
    ):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno
