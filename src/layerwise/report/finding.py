"""One line of the first screen: something that must be known about a run."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Finding"]


@dataclass(frozen=True)
class Finding:
    """One thing that must be known.

    Args:
        subject: What it is about, in a word or two.
        sentence: What was found.
        warning: Whether it limits what the figures mean.
        link: Name of the section that it rests on; empty for none.
    """

    subject: str
    sentence: str
    warning: bool = False
    link: str = ""
