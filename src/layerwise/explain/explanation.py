"""An explanation: what was recorded inside a network, the arithmetic that must agree, and how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from layerwise.errors import LayerwiseError
from layerwise.explain.arithmetic import Arithmetic, Check
from layerwise.language import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Cell", "Explanation", "Picture", "Recorded", "Table"]

Cell = str | int | float


@dataclass(frozen=True)
class Recorded:
    """One array of an explanation.

    Args:
        array: The numbers, unrounded.
        axes: What each axis counts: channel, row, column, unit ...
        role: Recorded in the network, replayed in NumPy, or derived from either.
        source: Where in the network: module path and call, `C1#0`.
    """

    array: np.ndarray
    axes: tuple[str, ...]
    role: Literal["recorded", "replayed", "derived"]
    source: str = ""


@dataclass(frozen=True)
class Table:
    """Numbers to read: a title, one header and rows; numbers are rounded only where they are shown.

    Args:
        title: What the table holds.
        header: One name a column.
        rows: Cells; a float keeps its full value.
        folded: True where the page shows it only when opened.
        marked: Places of rows to draw attention to.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    folded: bool = False
    marked: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Picture:
    """One figure, drawn when it is asked for.

    Args:
        caption: What is to be seen, also for readers who cannot see it.
        draw: Returns the figure.
    """

    caption: str
    draw: Callable[[], Figure]


@dataclass(frozen=True)
class Explanation:
    """What a view found in one network on one example; the same object serves notebook, report and command line.

    Args:
        view: Name of the view.
        title: What it explains, in words.
        facts: About the example and the network: names and values.
        tensors: The numbers by name.
        arithmetic: Lines that must come out as the network had them.
        tables: Numbers to read.
        notes: Sentences: equations, limits, what was left out.
        pictures: Figures.

    Example:
        >>> line = Arithmetic("sum", "2 + 3", np.sum, {"a": np.array([2.0, 3.0])}, np.array(5.0), 1e-12)
        >>> shown = Explanation("unit-sum", "A sum", arithmetic=(line,))
        >>> [check.ok for check in shown.verify()], shown.badge()
        ([True], "agrees exactly with the network's own numbers")
    """

    view: str
    title: str
    facts: tuple[tuple[str, str], ...] = ()
    tensors: Mapping[str, Recorded] = field(default_factory=dict)
    arithmetic: tuple[Arithmetic, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()

    def verify(self) -> tuple[Check, ...]:
        """Recompute every line of arithmetic in NumPy float64, independent of torch."""
        return tuple(line.check() for line in self.arithmetic)

    def badge(self) -> str:
        """Say in one sentence how closely the arithmetic agrees with the network's own output."""
        checks = self.verify()
        if not checks:
            return ""
        wrong = [check for check in checks if not check.ok]
        if wrong:
            return say(
                "does NOT agree with the network's own output: {} is off by {}", wrong[0].id, f"{wrong[0].error:.1g}"
            )
        worst = max(check.error for check in checks)
        if worst == 0:
            return say("agrees exactly with the network's own numbers")
        return say("agrees with the network's own output to {}", f"{worst:.1g}")

    def __str__(self) -> str:
        from layerwise.explain.page import text

        return text(self)

    def to_html(self) -> str:
        """Return one self-contained page that needs no script and no network."""
        from layerwise.explain.page import page

        return page(self.title, self.fragment())

    def fragment(self) -> str:
        """Return the body of the page, for a report that holds several views."""
        from layerwise.explain.page import fragment

        return fragment(self)

    def _repr_html_(self) -> str:
        """Show itself in a notebook; works where scripts are off."""
        from layerwise.explain.page import STYLE

        return f"<style>{STYLE}</style>{self.fragment()}"

    def save(self, path: str | Path, *, picture: int = 0) -> Path:
        """Write the page (.html) or one of its pictures (.png, .svg).

        Args:
            path: Where to; the ending says what.
            picture: Which picture, from 0.

        Raises:
            LayerwiseError: The ending is none of these, or there is no such picture.
        """
        from layerwise.explain.drawing import png, svg
        from layerwise.files import write_bytes, write_text

        target = Path(path)
        if target.suffix == ".html":
            write_text(target, self.to_html())
        elif target.suffix not in (".png", ".svg"):
            found = say("the ending '{}' of {}", target.suffix, target.name)
            raise LayerwiseError(
                say("A view is saved as .html, .png or .svg."), found, say("Change the ending."), usage=True
            )
        elif picture >= len(self.pictures):
            found = say("the view '{}' has {} pictures", self.view, len(self.pictures))
            raise LayerwiseError(
                say("Only a picture is saved as .png or .svg."), found, say("Save it as .html."), usage=True
            )
        else:
            write_bytes(target, (png if target.suffix == ".png" else svg)(self.pictures[picture].draw()))
        return target
