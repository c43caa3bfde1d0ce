"""The user's own network: a file and a name in it, `my_net.py:MyNet`, without registration."""

import hashlib
import importlib.util
import inspect
import sys
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say
from layerwise.tasks.contract import OwnsLoss

__all__ = ["build_own", "check_shapes"]

MISTAKES = (TypeError, ValueError, RuntimeError, LookupError, AttributeError, NameError, ImportError, SyntaxError)
"""What a mistake in a user's file raises; anything else is not a mistake in the file."""


def build_own(name: str, inputs: int | tuple[int, ...], outputs: int, options: Mapping[str, Any]) -> nn.Module:
    """Build a network from a user's file.

    It is called with `(inputs, outputs)` if it has parameters of these names or exactly two that must be given, else
    without; options go to parameters of their names.

    Args:
        name: Path of the file, a colon, and the name of a class or function in it.
        inputs: How many numbers one example has, or its channels, height and width.
        outputs: Number of classes or target numbers.
        options: Values of its other parameters.

    Raises:
        LayerwiseError: The file or the name in it does not exist, it fails, or it returns something else.
    """
    path, _, attribute = name.rpartition(":")
    module = _read(Path(path))
    maker = getattr(module, attribute, None)
    if not callable(maker):
        known = [word for word, value in vars(module).items() if callable(value) and _defined_in(value, module)]
        found = say("no '{}' in '{}'", attribute, path)
        raise LayerwiseError(say("A network of your own is a class or function in its file."), found,
                             nearest(attribute, known), usage=True)  # fmt: skip
    arguments = _arguments(maker, name, inputs, outputs, options)
    try:
        built = maker(*arguments, **options)
    except MISTAKES as problem:
        raise _failed(name, problem) from problem
    if not isinstance(built, nn.Module):
        raise LayerwiseError(
            say("A network is a torch.nn.Module."), say("'{}' returned {}", name, type(built).__name__),
            say("Return an nn.Module, or name a class that is one."), usage=True,
        )  # fmt: skip
    return built


def check_shapes(model: nn.Module, example: Tensor, outputs: int) -> None:
    """Pass one example through a network and see that it answers with one number an output.

    The network's mode and the random state stay as they were.

    Args:
        model: The network.
        example: One example as a batch, `(1, ...)`.
        outputs: Number of classes or target numbers.

    Raises:
        LayerwiseError: The example does not pass, or the answer has another shape; both shapes are given.

    Example:
        >>> check_shapes(nn.Linear(4, 3), torch.zeros(1, 4), 3)
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            answer = model(example)
            if isinstance(model, OwnsLoss) and isinstance(answer, Tensor):
                answer = model.scores(answer)
    except MISTAKES as problem:
        raise LayerwiseError(
            say("The network must take the examples of the data."),
            say("an example of shape {}: {}", tuple(example.shape), f"{type(problem).__name__}: {problem}"),
            say("Fit the first layer to {}; the first number is the batch.", tuple(example.shape)),
        ) from problem
    finally:
        for module, mode in modes:
            module.training = mode
    shape = tuple(answer.shape) if isinstance(answer, Tensor) else type(answer).__name__
    if shape != (1, outputs):
        raise LayerwiseError(
            say("The network must answer with one number for each class or target."),
            say("an answer of shape {} to an example of shape {}", shape, tuple(example.shape)),
            say("Fit the last layer to {}; the first number is the batch.", (1, outputs)),
        )


def _read(path: Path) -> types.ModuleType:
    """Run a user's file as a module of its own.

    Raises:
        LayerwiseError: It does not exist or fails.
    """
    if not path.is_file():
        rule = say("A network of your own is named by its file: my_net.py:MyNet.")
        raise LayerwiseError(rule, say("no file '{}'", path), say("Check the path."), usage=True)
    # The name depends on the place, so that two files of one name stay apart.
    place = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]
    specification = importlib.util.spec_from_file_location(f"{path.stem}_{place}", path)
    if specification is None or specification.loader is None:
        raise LayerwiseError(say("A network of your own is a Python file."), f"'{path}'", say("Name it with .py."),
                             usage=True)  # fmt: skip
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    try:
        specification.loader.exec_module(module)
    except MISTAKES as problem:
        del sys.modules[specification.name]
        raise _failed(str(path), problem) from problem
    return module


def _arguments(
    maker: Callable[..., Any], name: str, inputs: int | tuple[int, ...], outputs: int, options: Mapping[str, Any]
) -> tuple[Any, ...]:
    """Say which positional arguments a user's class or function is called with, and check its options.

    Raises:
        LayerwiseError: An option is unknown, or it asks for arguments that nobody gives.
    """
    parameters = inspect.signature(maker).parameters
    asked = [
        part.name for part in parameters.values() if part.kind in (part.POSITIONAL_ONLY, part.POSITIONAL_OR_KEYWORD)
    ]
    takes_shape = asked[:2] == ["inputs", "outputs"]
    required = [word for word in asked if parameters[word].default is inspect.Parameter.empty and word not in options]
    given = (inputs, outputs) if takes_shape or len(required) == 2 else ()
    open_to_all = any(part.kind is part.VAR_KEYWORD for part in parameters.values())
    known = [
        word
        for word, part in parameters.items()
        if word not in asked[: len(given)] and part.kind is not part.VAR_POSITIONAL
    ]
    for option in options:
        if option not in known and not open_to_all:
            raise LayerwiseError(
                say("An option must belong to the {} it is given to.", say("model")), f"{option} ({name})",
                nearest(option, known) if known else say("'{}' has no options.", name), usage=True,
            )  # fmt: skip
    if not given and required:
        raise LayerwiseError(
            say("A network of your own is called with (inputs, outputs), or with nothing."),
            say("'{}' also asks for {}", name, ", ".join(required)), say("Give these parameters defaults."), usage=True,
        )  # fmt: skip
    return given


def _defined_in(value: Any, module: types.ModuleType) -> bool:
    """Say whether something was made in a module rather than imported into it."""
    return getattr(value, "__module__", None) == module.__name__


def _failed(name: str, problem: BaseException) -> LayerwiseError:
    """Say that a user's file fails, and on which of its lines."""
    if isinstance(problem, SyntaxError):
        line = problem.lineno
    else:
        frames = []
        step = problem.__traceback__
        while step is not None:
            frames.append((step.tb_frame.f_code.co_filename, step.tb_lineno))
            step = step.tb_next
        file = name.rpartition(":")[0] if ".py:" in name else name
        lines = [number for place, number in frames if Path(place).name == Path(file).name]
        line = lines[-1] if lines else None
    words = problem.msg if isinstance(problem, SyntaxError) else problem
    found = f"'{name}': {type(problem).__name__}: {words}"
    where = found if line is None else say("{} (line {})", found, line)
    return LayerwiseError(say("A network of your own must be built without an error."), where, say("Mend the file."))
