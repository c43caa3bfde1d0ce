"""What a replayed training step found: one row a parameter, one line an operation, as text and as HTML."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Protocol

from layerwise.explain.explanation import Table
from layerwise.explain.page import STYLE, html_table, page, text_table
from layerwise.explain.trace import Trace
from layerwise.language import say

__all__ = ["ParameterRow", "StepLine", "StepReplay", "step_lines"]

UPDATES = {
    "sgd": "w <- w - lr g",
    "momentum": "v <- m v + g;  w <- w - lr v",
    "nesterov": "v <- m v + g;  w <- w - lr (g + m v)",
    "adagrad": "a <- a + g^2;  w <- w - lr g / (sqrt a + eps)",
    "rmsprop": "a <- r a + (1 - r) g^2;  w <- w - lr g / (sqrt a + eps)",
    "adam": "m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2;  w <- w - lr m^ / (sqrt v^ + eps)",
    "adamw": "w <- (1 - lr decay) w, then Adam's step",
}
"""The update of each optimiser."""


class HasEquation(Protocol):
    """Anything with an equation to print."""

    @property
    def equation(self) -> str:
        """The equation."""


@dataclass(frozen=True)
class ParameterRow:
    """How one parameter came out.

    Args:
        name: Its path.
        shape: Its shape.
        largest_gradient: Largest entry of torch's gradient.
        gradient_error: Largest difference of the gradients, relative to that entry.
        update_error: Largest difference of the updates, relative to the largest update.
        swapped: Entries whose gradient is rounding only; the update rule was given torch's value for them.
        zero: Whether the whole gradient is 0 up to rounding, as that of a bias before batch normalisation.
        ok: Whether both are within the tolerance.
    """

    name: str
    shape: tuple[int, ...]
    largest_gradient: float
    gradient_error: float
    update_error: float
    swapped: int
    zero: bool
    ok: bool


@dataclass(frozen=True)
class StepLine:
    """One operation of the forward pass.

    Args:
        name: The torch function.
        module: Path of the module it ran in.
        shape: Shape of its result.
        equation: Forward and backward.
        where: File and line.
    """

    name: str
    module: str
    shape: tuple[int, ...]
    equation: str
    where: str


def step_lines(trace: Trace, rules: Mapping[str, HasEquation]) -> tuple[StepLine, ...]:
    """Return one line an operation, in the order of the forward pass."""
    return tuple(
        StepLine(each.name, each.module, each.shape, say(rules[each.name].equation), each.where())
        for each in trace.operations
    )


@dataclass(frozen=True)
class StepReplay:
    """A training step computed twice: by torch and by hand.

    Args:
        rows: One a parameter.
        lines: One an operation.
        optimizer: The update rule.
        precision: In which numbers both computed.
        loss: The loss by hand.
        loss_error: Its absolute difference from torch's.
        number: Which update of the run it is, from 1; 0 where that is not known.
        clipping: What clipping did, in a sentence; empty where nothing is clipped.
    """

    rows: tuple[ParameterRow, ...]
    lines: tuple[StepLine, ...]
    optimizer: str
    precision: str
    loss: float
    loss_error: float
    number: int = 0
    clipping: str = ""

    @property
    def ok(self) -> bool:
        """Whether every parameter agrees."""
        return bool(self.rows) and all(row.ok for row in self.rows)

    def update(self) -> str:
        """Return the update rule, and what clipping does before it."""
        rule = say("Update ({}): {}", self.optimizer, say(UPDATES[self.optimizer]))
        return f"{rule}.  {self.clipping}" if self.clipping else rule

    def title(self) -> str:
        """Say what is replayed."""
        if self.number:
            return say("One training step by hand: update {}", self.number)
        return say("One training step by hand")

    def verdict(self) -> str:
        """Say in one sentence how it came out."""
        right = sum(row.ok for row in self.rows)
        worst = max((max(row.gradient_error, row.update_error) for row in self.rows), default=0.0)
        if not self.rows:
            return say("The network has no parameter that learns, so there is nothing to compare.")
        if self.ok:
            return say(
                "By hand and by torch agree on all {} parameters, to {} of the largest entry.", right, f"{worst:.1g}"
            )
        wrong = next(row.name for row in self.rows if not row.ok)
        return say("By hand and by torch DISAGREE: {} of {} parameters agree; the first that does not is {}.",
                   right, len(self.rows), wrong)  # fmt: skip

    def tables(self) -> tuple[Table, Table]:
        """Return the operations and the parameters as tables."""
        header = (
            say("step"),
            say("operation"),
            say("layer"),
            say("result"),
            say("equation, forward and backward"),
            say("line"),
        )
        lines = tuple(
            (number, line.name, line.module, _size(line.shape), line.equation, line.where)
            for number, line in enumerate(self.lines, 1)
        )
        names = (
            say("parameter"),
            say("shape"),
            say("largest gradient"),
            say("gradient error"),
            say("update error"),
            "",
        )
        rows = tuple(
            (row.name, _size(row.shape), row.largest_gradient, row.gradient_error, row.update_error,
             (say("0 up to rounding") if row.zero else say("agrees")) if row.ok else say("DISAGREES"))
            for row in self.rows
        )  # fmt: skip
        return Table(say("Forward, and backward in the opposite order"), header, lines), Table(
            say("Every parameter, relative to its largest entry"), names, rows
        )

    def sentences(self) -> tuple[str, ...]:
        """Return loss, update rule and verdict."""
        return (
            say(
                "Loss by hand {}, off by {} from torch's ({}).",
                f"{self.loss:.8g}",
                f"{self.loss_error:.1g}",
                self.precision,
            ),
            self.update(),
            self.verdict(),
            *self.limits(),
        )

    def limits(self) -> tuple[str, ...]:
        """Say for how many entries the gradient is nothing but rounding."""
        swapped, entries = sum(row.swapped for row in self.rows), sum(math.prod(row.shape) for row in self.rows)
        if not swapped:
            return ()
        return (
            say(
                "Of {1} gradient entries {0} are so small that only rounding is left; they start from torch's.",
                f"{swapped:,}",
                f"{entries:,}",
            ),
        )

    def __str__(self) -> str:
        operations, parameters = (text_table(table) for table in self.tables())
        loss, update, *verdict = self.sentences()
        return "\n\n".join((self.title(), operations, f"{loss}\n{update}", parameters, "\n".join(verdict)))

    def fragment(self) -> str:
        """Return static HTML for a page or the report."""
        operations, parameters = (html_table(table) for table in self.tables())
        loss, update, verdict, *limits = (escape(sentence) for sentence in self.sentences())
        notes = "".join(f'<p class="note">{limit}</p>' for limit in limits)
        badge = f'<p class="badge{"" if self.ok else " wrong"}">{verdict}</p>'
        title = escape(self.title())
        return (
            f'<section class="layerwise"><h2>{title}</h2>{badge}<p class="note">{loss}</p>'
            f'<p class="note">{update}</p>{notes}{parameters}{operations}</section>'
        )

    def to_html(self) -> str:
        """Return one self-contained page that needs no script and no network."""
        return page(self.title(), self.fragment())

    def _repr_html_(self) -> str:
        return f"<style>{STYLE}</style>{self.fragment()}"


def _size(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "1"
