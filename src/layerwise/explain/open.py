"""Open a network on an example: which views fit, and one view by name."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from layerwise.catalog import entries, entry, find
from layerwise.errors import LayerwiseError, nearest
from layerwise.explain.explanation import Explanation
from layerwise.explain.subject import Subject
from layerwise.language import say

__all__ = ["ORDER", "accepts", "explain", "fitting"]

ORDER = ("layer", "answer", "learning", "network")
"""What a view opens, as it is registered: from the layers to the answer, then what is learned, then the whole."""


def explain(subject: Subject, view: str, options: Mapping[str, Any] | None = None) -> Explanation:
    """Open a network on one example by a view.

    Args:
        subject: The network and the example.
        view: Name in the catalogue.
        options: The view's own options.

    Raises:
        LayerwiseError: No view or option has that name, or the view does not fit the network.

    Example:
        >>> import torch
        >>> shown = explain(Subject(torch.nn.Linear(3, 2), torch.ones(1, 3)), "unit-sum", {"unit": 1})
        >>> [check.ok for check in shown.verify()]
        [True, True]
    """
    known = {option.name for option in entry("view", view).options}
    for name in options or {}:
        if name not in known:
            rule = say("A view takes its own options only.")
            raise LayerwiseError(rule, say("{} of '{}'", name, view), nearest(name, known), usage=True)
    if not accepts(subject, view):
        fits = ", ".join(fitting(subject))
        rule = say("The view '{}' must fit the network and the example.", view)
        raise LayerwiseError(rule, type(subject.model).__name__, say("Views that fit: {}.", fits), usage=True)
    shown: Explanation = find("view", view)(subject, **(options or {}))
    return shown


def fitting(subject: Subject) -> list[str]:
    """Return the names of the views that fit a network and an example: those of its task first, then by `ORDER`.

    Example:
        >>> import torch
        >>> from layerwise.tasks.classify import Classify
        >>> fitting(Subject(torch.nn.Linear(3, 2), torch.ones(1, 3), torch.tensor([1]), Classify(("no", "yes"))))
        ['softmax-cross-entropy', 'unit-sum', 'backprop-sheet', 'layer-table']
    """
    task = "" if subject.task is None else subject.task.name
    return sorted((name for name in entries("view") if accepts(subject, name)), key=lambda name: _rank(name, task))


def _rank(view: str, task: str) -> tuple[bool, int]:
    """Return what a view is sorted by: whether it is one of another task, and what it opens; the unsaid comes last."""
    facts = entry("view", view).facts
    opened = facts.get("opens")
    return task not in facts.get("task", "").split(), ORDER.index(opened) if opened in ORDER else len(ORDER)


def accepts(subject: Subject, view: str) -> bool:
    """Say whether a view fits; each view's module answers for itself."""
    answer: bool = importlib.import_module(entry("view", view).module).accepts(subject)
    return answer
