"""Figures without pyplot: matplotlib's Agg canvas, a font that holds Hangul, and PNG or SVG as bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from layerwise.language import current, say, use

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["COLOURS", "bare", "figure", "font_note", "hangul_font", "label", "png", "readable", "styled", "svg"]

HANGUL_FONTS = (
    "NanumGothic", "NanumBarunGothic", "NanumSquare", "Noto Sans CJK KR", "Noto Sans KR", "Malgun Gothic",
    "AppleGothic", "Apple SD Gothic Neo", "UnDotum", "Noto Sans CJK JP",
)  # fmt: skip
"""Fonts with Hangul, the commonest of each system first."""

COLOURS = {"ink": "#1b2733", "quiet": "#6b7785", "line": "#c9d1d9", "strong": "#0072b2", "warm": "#d55e00"}
"""Two hues that stay apart for colour-blind eyes, and three greys."""

RESOLUTION = 144


@cache
def hangul_font() -> str:
    """Return the name of an installed font that holds Hangul, or an empty text.

    Example:
        >>> isinstance(hangul_font(), str)
        True
    """
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in HANGUL_FONTS if name in installed), "")


def font_note() -> str:
    """Return the one line that says why labels are English, or an empty text where a font was found."""
    if hangul_font():
        return ""
    return say("No font with Hangul was found, so pictures are labelled in English; install a Nanum or Noto CJK font.")


def label(template: str, *values: object) -> str:
    """Return a label in the current language, or in English where no font could draw Hangul."""
    if current() == "ko" and not hangul_font():
        with use("en"):
            return readable(say(template, *values))
    return readable(say(template, *values))


def readable(text: str) -> str:
    """Return a name as it can be drawn: Hangul becomes question marks where no font holds it.

    Example:
        >>> readable("Iris-setosa")
        'Iris-setosa'
    """
    if hangul_font() or all(ord(sign) < 0x1100 or 0x2000 <= ord(sign) < 0x2E80 for sign in text):
        return text
    return text.encode("ascii", "replace").decode("ascii")


@contextmanager
def styled() -> Iterator[None]:
    """Draw inside this block with our fonts and quiet lines; matplotlib's own settings come back after it."""
    import matplotlib as mpl

    font = hangul_font()
    settings = {
        "font.family": [font, "DejaVu Sans"] if font else ["DejaVu Sans"],
        "font.size": 9.0,
        "axes.edgecolor": COLOURS["quiet"],
        "axes.labelcolor": COLOURS["ink"],
        "axes.titlesize": 9.5,
        "axes.titlecolor": COLOURS["ink"],
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.unicode_minus": False,
        "text.color": COLOURS["ink"],
        "xtick.color": COLOURS["quiet"],
        "ytick.color": COLOURS["quiet"],
        "text.parse_math": False,
        "svg.fonttype": "path",
        "svg.hashsalt": "layerwise",
    }
    with mpl.rc_context(settings):
        yield


def figure(width: float = 6.4, height: float = 3.6) -> Figure:
    """Return an empty figure with its own Agg canvas; draw on it inside `styled()`.

    Args:
        width: In inches.
        height: In inches.

    Example:
        >>> figure(2, 1).get_size_inches().tolist()
        [2.0, 1.0]
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as MatplotlibFigure

    drawn = MatplotlibFigure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(drawn)
    return drawn


def bare(axes: Axes, title: str = "") -> None:
    """Take ticks and frame off a picture's axes and give it a title."""
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(False)
    if title:
        axes.set_title(title)


def png(drawn: Figure) -> bytes:
    """Return a figure as PNG.

    Example:
        >>> png(figure(1, 1))[1:4]
        b'PNG'
    """
    buffer = io.BytesIO()
    with styled():
        drawn.savefig(buffer, format="png", dpi=RESOLUTION, facecolor="white", metadata={"Software": None})
    return buffer.getvalue()


def svg(drawn: Figure) -> bytes:
    """Return a figure as SVG; its texts are outlines, so that no font is needed to read it.

    Example:
        >>> b"<svg" in svg(figure(1, 1))
        True
    """
    buffer = io.BytesIO()
    with styled():
        drawn.savefig(buffer, format="svg", facecolor="white", metadata={"Date": None})
    return buffer.getvalue()
