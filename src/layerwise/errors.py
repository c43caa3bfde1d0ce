"""The one error type that users meet, and the nearest valid name to a wrong one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["LayerwiseError", "nearest"]

MOST = 40
"""Names that a remedy lists before it counts the others."""


class LayerwiseError(Exception):
    """What the rule is, what was found instead, and what to do about it.

    Args:
        rule: What must hold.
        found: What was found: file, line or record, and value.
        remedy: What the user can do, ideally the exact option or command.
        usage: True when the command itself was wrong (exit code 2) and not the work (exit code 1).

    Example:
        >>> str(LayerwiseError("Files must exist.", "no file 'a.csv'", "Check the name.")).splitlines()
        ['Files must exist.', "  found:  no file 'a.csv'", '  remedy: Check the name.']
    """

    def __init__(self, rule: str, found: str, remedy: str, *, usage: bool = False) -> None:
        from layerwise.language import say

        super().__init__(
            "\n".join((rule, "  " + say("found:  {}", found), *(("  " + say("remedy: {}", remedy),) if remedy else ())))
        )
        self.rule = rule
        self.found = found
        self.remedy = remedy
        self.exit_code = 2 if usage else 1


def nearest(name: str, names: Iterable[str]) -> str:
    """Name the valid names closest to a wrong one, as a sentence ready for a remedy.

    Example:
        >>> nearest("lenet", ["lenet5", "mlp"])
        "Did you mean 'lenet5'?"
        >>> nearest("zzz", ["lenet5", "mlp"])
        'Valid names: lenet5, mlp.'
    """
    from layerwise.language import say

    choices = list(names)
    lowered = {choice.lower(): choice for choice in choices}
    close = [lowered[match] for match in get_close_matches(name.lower(), list(lowered), n=2, cutoff=0.55)]
    if close:
        return say("Did you mean {}?", " / ".join(f"'{match}'" for match in close))
    if len(choices) > MOST:
        return say("Valid names: {} and {} more.", ", ".join(choices[:MOST]), len(choices) - MOST)
    return say("Valid names: {}.", ", ".join(choices))
