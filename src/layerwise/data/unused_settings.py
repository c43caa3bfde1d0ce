"""Refuse settings of preprocessing that change nothing for these inputs: none is silently ignored."""

from __future__ import annotations

from collections.abc import Collection

from layerwise.config import Preprocess
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["refuse_unused_settings"]


def refuse_unused_settings(settings: Preprocess, kinds: Collection[str], *, texts: bool) -> None:
    """Refuse a setting that was changed and has nothing to work on.

    Args:
        settings: The settings.
        kinds: Kinds of the input fields.
        texts: Whether the task reads texts symbol by symbol.

    Raises:
        LayerwiseError: There is one; it is named with the reason.
    """
    usual, table = Preprocess(), bool(kinds) and "image" not in kinds and not texts
    no_table = say("the inputs are pictures") if "image" in kinds else say("the task reads the texts symbol by symbol")
    cut, reads = settings.discretise, settings.texts == "tf-idf"
    equal = cut in ("equal-width", "equal-frequency")
    # What each setting needs, and what is said where it is absent.
    needs = {
        "select": (table, no_table),
        "discretise": (table and "number" in kinds, say("no input is a number") if table else no_table),
        "intervals": (equal, say("--discretise is {}, which needs no number of intervals", cut)),
        "scale": (cut == "none" or "image" in kinds, say("numbers that are cut into intervals are not scaled")),
        "rare": (table and "category" in kinds, say("no input holds names") if table else no_table),
        "texts": (table and "text" in kinds, say("no input is a text") if table else no_table),
        "text_features": (reads, say("no text is read by --texts tf-idf")),
        "text_ngrams": (reads, say("no text is read by --texts tf-idf")),
    }
    for name, (effective, found) in needs.items():
        flag = "--" + name.replace("_", "-")
        if not effective and getattr(settings, name) != getattr(usual, name):
            raise LayerwiseError(
                say("A setting must have an effect."), f"{flag}: {found}", say("Leave {} out.", flag), usage=True
            )
