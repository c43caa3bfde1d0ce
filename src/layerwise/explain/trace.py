"""Note which operations a loss is made of: their order, their links and the user's source line; torch computes once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, resolve_name

from layerwise.errors import LayerwiseError
from layerwise.explain.recorder import undisturbed
from layerwise.language import say
from layerwise.tasks.contract import Batch, LossResult

__all__ = ["Leaf", "Link", "Operation", "Trace", "record", "record_forward"]

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
        floating: Whether the first result holds real numbers.
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
    floating: bool

    def where(self) -> str:
        """Return file and line as a message names them."""
        return f"{Path(self.file).name}:{self.line}"

    def direct(self) -> list[int]:
        """Return the places of its direct arguments."""
        return [part.place for part in (*self.arguments, *self.keywords.values()) if isinstance(part, Link)]


@dataclass(frozen=True)
class Trace:
    """The operations of one loss.

    Args:
        operations: In the order in which they ran.
        leaves: Values that no operation made, by place.
        total: Place of the summed loss.
        count: What it is divided by: a place or a number.
        result: The loss as torch had it.
        tensors: Copies of all values by place, where they were asked for.
    """

    operations: tuple[Operation, ...]
    leaves: Mapping[int, Leaf]
    total: Link
    count: Link | float
    result: LossResult
    tensors: Mapping[int, Tensor] = field(default_factory=dict)

    def value(self, link: Link | int) -> Tensor:
        """Return a copied value."""
        return self.tensors[link if isinstance(link, int) else link.place]

    def after(self, operation: Operation) -> Operation | None:
        """Return the operation that took an operation's result, if exactly one did."""
        users = [each for each in self.operations if operation.outputs[0] in each.direct()]
        return users[0] if len(users) == 1 else None


def record(learner: nn.Module, batch: Batch, state: Any = None, *, keep: bool = False) -> Trace:
    """Run forward and loss once and note every operation.

    Args:
        learner: Called with a batch and a state, it answers with a `LossResult`.
        batch: What is learned from.
        state: What the batch before carried over.
        keep: Copy every value, for views.

    Raises:
        LayerwiseError: A tensor was changed in place while another name for it was still in use.

    Example:
        >>> from layerwise.explain.subject import ExampleLoss
        >>> from layerwise.tasks.classify import Classify
        >>> learner = ExampleLoss(nn.Linear(2, 3), Classify(("a", "b", "c")))
        >>> trace = record(learner, Batch(torch.ones(1, 2), torch.tensor([0]), torch.zeros(1)))
        >>> [operation.name for operation in trace.operations]
        ['linear', 'cross_entropy']
    """
    recorder = _Recorder(keep)
    for name, parameter in learner.named_parameters():
        recorder.add(parameter, Leaf("parameter", name.removeprefix("model."), parameter))
    for name in ("inputs", "targets", "rows", "weights"):
        tensor = getattr(batch, name)
        if tensor is not None:
            recorder.add(tensor, Leaf("batch", name, tensor))
    with _module_paths(learner, recorder.stack), recorder:
        result: LossResult = learner(batch, state)
    count = recorder.link(result.count) if isinstance(result.count, Tensor) else float(result.count)
    total = recorder.link(result.total)
    return Trace(tuple(recorder.operations), recorder.leaves, total, count, result, recorder.copies)


def record_forward(model: nn.Module, inputs: Tensor) -> Trace:
    """Run a network once on an example, without a loss, and note every operation with a copy of its result.

    Args:
        model: Any network; its mode, statistics and the random states come back afterwards.
        inputs: `(1, ...)`.

    Example:
        >>> trace = record_forward(nn.Sequential(nn.Linear(2, 3), nn.ReLU()), torch.ones(1, 2))
        >>> [(operation.name, operation.module) for operation in trace.operations]
        [('linear', '0'), ('relu', '1')]
    """
    places = torch.zeros(len(inputs), dtype=torch.int64)
    with undisturbed(model), torch.no_grad():
        return record(_Forward(model), Batch(inputs, places, places), keep=True)


class _Forward(nn.Module):
    """The network alone, in the place of one that ends in a loss."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Batch, state: Any) -> LossResult:
        """Return what the network answers."""
        output = next(_tensors(self.model(batch.inputs)))
        return LossResult(output, 1.0, output)


@contextmanager
def _module_paths(learner: nn.Module, stack: list[str]) -> Iterator[None]:
    """Keep the path of the module that is running on top of a stack."""
    with ExitStack() as hooks:
        for path, module in learner.named_modules():
            name = "" if path == "model" else path.removeprefix("model.")

            def enter(_module: nn.Module, _arguments: Any, name: str = name) -> None:
                stack.append(name)

            def leave(_module: nn.Module, _arguments: Any, _output: Any) -> None:
                stack.pop()

            hooks.callback(module.register_forward_pre_hook(enter).remove)
            hooks.callback(module.register_forward_hook(leave, always_call=True).remove)
        yield


class _Recorder(TorchFunctionMode):
    """Notes operations on values that depend on the parameters or the batch; all others are data."""

    def __init__(self, keep: bool) -> None:
        super().__init__()
        self.keep = keep
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
        tensors = list(_tensors((args, keywords)))
        if not any(self.depends(tensor) or tensor.grad_fn is not None for tensor in tensors):
            return function(*args, **keywords)
        if name in MASKED and (keywords.get("training", args[2] if len(args) > 2 else True)):
            return self.mask(name, function, args, keywords)
        versions = [tensor._version for tensor in tensors]
        # Linked before the call, since an operation in place changes what its arguments are.
        arguments, linked = _linked(args, self), _linked(keywords, self)
        output = function(*args, **keywords)
        made = list(_tensors(output))
        if not made or name in DRAWN or name in SHAPED:
            return output
        changed = [tensor for tensor, version in zip(tensors, versions, strict=True) if tensor._version != version]
        self.note(name, arguments, linked, made)
        for tensor in changed:
            self.outdate(tensor)
        return output

    def note(self, name: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any], made: list[Tensor]) -> None:
        """Append an operation and give its results places."""
        places = tuple(self.add(tensor, None) for tensor in made)
        file, line = _caller()
        module = self.stack[-1] if self.stack else ""
        passes, floating = torch.is_grad_enabled(), made[0].is_floating_point()
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
        return place

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


def _name(function: Callable[..., Any]) -> str:
    """Return the plain name of a torch function: `add` for `torch.Tensor.__iadd__`, `T` for its getter."""
    parts = (resolve_name(function) or function.__name__).split(".")
    name = parts[-2] if parts[-1] == "__get__" else parts[-1]
    if name.startswith("__"):
        return name.strip("_")
    return name.rstrip("_")


def _tensors(tree: Any) -> Iterator[Tensor]:
    """Yield the tensors of nested arguments."""
    if isinstance(tree, Tensor):
        yield tree
    elif isinstance(tree, tuple | list):
        for part in tree:
            yield from _tensors(part)
    elif isinstance(tree, dict):
        yield from _tensors(list(tree.values()))


def _linked(tree: Any, recorder: _Recorder) -> Any:
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
