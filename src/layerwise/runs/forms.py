"""What each JSON file of a run holds at least: whoever reads one may rely on that, and damage is named by its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from layerwise.language import say

__all__ = ["EACH", "FORMS", "LINE", "SINCE", "fault"]

EACH = "*"
"""In the place of a name: every entry of an object, whatever its name."""

Form = Any
"""A type or several; a list of one form, that of every item; or the form of each entry of an object by its name."""

NUMBER = (int, float)
MAYBE = (int, float, type(None))

FIGURE: Mapping[str, Form] = {"value": MAYBE, "low": MAYBE, "high": MAYBE, "n": MAYBE}

FORMS: Mapping[str, Form] = {
    "data.json": {
        "name": str, "origin": str, "licence": str, "rows": int, "fingerprint": str,
        "fields": [{"name": str, "role": str, "kind": str}],
        "split": {"origin": str, "duplicates": int, "seen_in_test": int}
        | dict.fromkeys(("train", "validation", "test"), list),
        "task": {"name": str}, "preprocessing": [{"kind": str, "field": str}], "imputed": dict,
        "problems": [{"where": str, "found": str, "remedy": str}], "notes": [str], "reasons": [str],
    },
    "metrics.json": {
        "part": str, "main": str, "metrics": {EACH: FIGURE}, "classes": {EACH: {EACH: FIGURE}}, "confusion": [list],
        "openings": int, "train": {EACH: FIGURE}, "validation": {EACH: FIGURE}, "unseen": dict,
        "baselines": {EACH: {EACH: FIGURE}}, "expectation_per_1000": (dict, type(None)),
        "learning": {"reason": str, "best_epoch": int, "epochs": int, "seconds": NUMBER},
    },
    "tests.json": {"openings": [{"time": str, "purpose": str}]},
    "resumes.json": {"resumes": [{"time": str, "step": int}]},
    "environment.json": {"layerwise": str, "packages": dict},
}  # fmt: skip
"""Each file by its name."""

SINCE: Mapping[str, Form] = {
    "data.json": {
        "findings": {
            "structure": [str],
            "checks": [{
                "check": str, "sentences": [str], "total": int,
                "rows": [{"row": int, "id": str, "place": str, "given": str, "instead": str, "score": NUMBER}],
            }],
        },
    },
    "metrics.json": {"baseline_notes": [str]},
}  # fmt: skip
"""What runs of earlier versions lack; where it is there, it has this form."""

LINE: Mapping[str, Form] = {
    "epoch": int, "step": int, "train_loss": MAYBE, "validation_loss": MAYBE, "learning_rate": MAYBE, "seconds": MAYBE,
}  # fmt: skip
"""A line of `history.jsonl`."""


def fault(content: Any, form: Form, place: str = "") -> str:
    """Say what is missing or of another kind, by its place; empty where everything is there.

    Args:
        content: What was read.
        form: What it must hold.
        place: Where it stands in its file; empty for the whole.

    Example:
        >>> fault({"openings": [{"time": "now"}]}, FORMS["tests.json"])
        "'openings[0].purpose' is missing"
        >>> fault([], FORMS["tests.json"])
        'its content is of another kind'
        >>> fault({"openings": []}, FORMS["tests.json"])
        ''
    """
    kind = dict if isinstance(form, Mapping) else list if isinstance(form, list) else form
    if not isinstance(content, kind):
        return say("'{}' is of another kind", place) if place else say("its content is of another kind")
    if not isinstance(form, Mapping | list):
        return ""
    missing = [name for name in form if name != EACH and name not in content] if isinstance(form, Mapping) else []
    if missing:
        return say("'{}' is missing", below(place, missing[0]))
    found = (fault(part, inside, where) for part, inside, where in parts(content, form, place))
    return next(filter(None, found), "")


def parts(content: Any, form: Form, place: str) -> Iterator[tuple[Any, Form, str]]:
    """Yield every entry that has a form, with it and with its place."""
    if isinstance(form, list):
        yield from ((part, form[0], f"{place}[{number}]") for number, part in enumerate(content))
        return
    for name, inside in form.items():
        for key in content if name == EACH else (name,):
            yield content[key], inside, below(place, key)


def below(place: str, name: str) -> str:
    """Return the place of an entry."""
    return f"{place}.{name}" if place else name
