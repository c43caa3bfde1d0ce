"""Let a language model write: from a beginning of the user's, at a temperature."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from layerwise.data.tokens import RESERVED, UNKNOWN, TextStep, encode, symbols
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.randomness import generator
from layerwise.runs.opened import Opened
from layerwise.tasks.continuing import write_on
from layerwise.tasks.language import Language

__all__ = ["Generated", "generate_text"]

SHOWN = 5
"""Unknown symbols that a message names."""

LONGEST = 1_000_000


@dataclass(frozen=True)
class Generated:
    """What a language model wrote.

    Args:
        prompt: The beginning it was given.
        text: What it wrote after it.
        whole: Both together.
    """

    prompt: str
    text: str
    whole: str


def generate_text(
    opened: Opened, prompt: str = "", *, length: int = 200, temperature: float = 1.0, seed: int = 0
) -> Generated:  # fmt: skip
    """Write on from a beginning.

    Args:
        opened: The run of a language model.
        prompt: Text that it continues; without one it begins as after a line end, or with a symbol drawn at random.
        length: Symbols to write, 1 to 1,000,000.
        temperature: What the log-probabilities are divided by; 0 takes the most probable symbol every time.
        seed: Seed of all drawing.

    Raises:
        LayerwiseError: The run is no language model, a symbol of the prompt is unknown, or a number is out of range.
    """
    task, step = opened.task, opened.preprocessing.steps[0]
    if not isinstance(task, Language) or not isinstance(step, TextStep):
        raise LayerwiseError(
            say("A language model writes texts."), say("the run '{}' has the task {}", opened.folder.name, task.name),
            "layerwise train book.txt char-lstm", usage=True,
        )  # fmt: skip
    check("length", length, 1 <= length <= LONGEST, "1 .. 1,000,000")
    check("temperature", temperature, 0 <= temperature < math.inf, ">= 0")
    drawn = generator(seed, "generate")
    start, shown = begin(step, prompt, drawn)
    ids = write_on(opened.model, start, length=length, temperature=temperature, generator=drawn)
    text = task.written(torch.cat([shown, ids]).numpy() - RESERVED)
    between = " " if step.unit == "words" and prompt.split() else ""
    return Generated(prompt, text, prompt + between + text)


def begin(step: TextStep, prompt: str, drawn: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the ids that the network reads first, and what of them is not in the prompt but should be shown.

    Raises:
        LayerwiseError: The prompt holds a symbol that the training text did not have.
    """
    ids = encode(prompt, step.vocabulary, step.unit)
    unknown = [symbol for symbol, number in zip(symbols(prompt, step.unit), ids, strict=True) if number == UNKNOWN]
    if unknown:
        different = list(dict.fromkeys(unknown))
        more = say(" and {} more", len(different) - SHOWN) if len(different) > SHOWN else ""
        raise LayerwiseError(
            say("A prompt consists of {} of the training text.", say(step.unit)),
            say("unknown: {}", ", ".join(map(repr, different[:SHOWN]))) + more,
            say("Leave them out; known are: {}", shown_vocabulary(step)), usage=True,
        )  # fmt: skip
    if not len(ids) and "\n" in step.vocabulary:
        ids = encode("\n", step.vocabulary, step.unit)
    if len(ids):
        return torch.from_numpy(ids), torch.zeros(0, dtype=torch.int64)
    first = torch.randint(RESERVED, step.size, (1,), generator=drawn)
    return first, first


def shown_vocabulary(step: TextStep) -> str:
    """Return the symbols that a network knows, as far as they fit a line."""
    between = " " if step.unit == "words" else ""
    words = between.join(step.vocabulary).replace("\n", "\\n")
    return words if len(words) <= 200 else words[:199] + "…"


def check(name: str, value: float, holds: bool, allowed: str) -> None:
    """Refuse a number that is out of range."""
    if not holds:
        rule = say("A setting must have a value that it can use.")
        raise LayerwiseError(rule, f"{name} = {value!r}", say("{} takes {}.", name, allowed), usage=True)
