"""The costly look at data: every check that learns something, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from layerwise.config import Assign
from layerwise.data.assign import assign
from layerwise.data.found import Found
from layerwise.data.inspect import Inspection, inspect
from layerwise.data.near_duplicates import near_duplicates
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.workflow.labels import doubted, not_looked_at
from layerwise.workflow.prepare import Assigned
from layerwise.workflow.shift import shifts

__all__ = ["CHECKS", "inspect_thoroughly"]


def labels(found: Assigned) -> list[Found]:
    """Look for labels that look wrong, or unusual targets."""
    return [doubted(found)] if found.source.named("target") else []


def repeats(found: Assigned) -> list[Found]:
    """Look for rows that nearly repeat another one."""
    near = near_duplicates(found.source)
    return [Found("near-duplicates", say("Near-duplicates"), tuple(near.lines()), bool(near.pairs), near.count)]


CHECKS: tuple[Callable[[Assigned], list[Found]], ...] = (labels, repeats, shifts)
"""Every check, in the order in which its findings are shown; each takes data with their roles."""


def inspect_thoroughly(
    source: Source, target: str | Sequence[str] = "", *, data: str = "", reading: Mapping[str, object] | None = None
) -> Inspection:
    """Look at a source as `inspect` does, and run every costly check.

    Args:
        source: Data as read, with the items that could not be read among its `problems`.
        target: Field to predict, or several; guessed where left out.
        data: How the user called the data, for the next command.
        reading: Settings with which they were read, for the next command.

    Raises:
        LayerwiseError: No field has the name of the target.
    """
    quick = inspect(source, target, data=data, reading=reading)
    try:
        found = _assigned(source, quick)
    except LayerwiseError as problem:
        # What training would refuse, a look at the data only tells.
        return replace(quick, thorough=(not_looked_at(say("Not looked at: {}.", problem.found)),))
    return replace(quick, thorough=tuple(one for check in CHECKS for one in check(found)))


def _assigned(source: Source, quick: Inspection) -> Assigned:
    """Give the fields the roles that the quick look found; rows without a target are not looked at."""
    targets = quick.targets
    if not targets:
        return Assigned(source, quick.task, ())
    if not len(source.present(targets)):
        return Assigned(source.assign(dict.fromkeys(targets, "unused")), quick.task, ())
    given = set(targets) <= set(source.named("target"))
    settings = Assign(target=() if given else targets, task=quick.task)
    chosen, task, _ = assign(source, settings, exclude_missing=True)
    return Assigned(chosen, task, ())
