"""Stand between `layerwise.files` and the operating system: record its calls, or let one of them fail."""

import os
from collections.abc import Callable
from typing import Any

import layerwise.files

CHANGING = ("open", "write", "fsync", "close", "mkdir", "replace", "rename", "unlink", "rmdir", "listdir")
"""Calls that can fail in the middle of a save."""


class Killed(BaseException):
    """The process is gone: nothing after this is executed, not even what tidies up."""


class System:
    """The module `os` as `layerwise.files` sees it.

    Args:
        fail_at: Number of the call that fails, from 0; none when negative.
        failure: What happens there instead; a `Killed` ends every later call as well.
        short: Whether the failing call, if it writes, first writes half of what it should.
    """

    def __init__(self, fail_at: int = -1, failure: BaseException | None = None, *, short: bool = False) -> None:
        self.fail_at, self.failure, self.short = fail_at, failure, short
        self.number, self.calls, self.failed = -1, [], ""

    def __getattr__(self, name: str) -> Any:  # everything else is the real one
        plain = getattr(os, name)
        return self._watched(name, plain) if name in CHANGING else plain

    def _watched(self, name: str, plain: Callable) -> Callable:
        def call(*values: Any) -> Any:
            if self.failed and isinstance(self.failure, Killed):
                raise self.failure
            self.number += 1
            if self.number == self.fail_at:
                self.failed = name
                if name == "write" and self.short:
                    plain(values[0], values[1][: len(values[1]) // 2])
                if name == "close":
                    plain(*values)
                raise self.failure
            answer = plain(*values)
            self.record(name, values, answer)
            return answer

        return call

    def record(self, name: str, values: tuple, answer: Any) -> None:
        """Note a call in the words of `disk.Disk`."""
        paths = [os.fspath(value) for value in values if isinstance(value, str | os.PathLike)]
        if name == "open":
            self.calls.append(("open", paths[0], values[1], answer))
        elif name == "write":
            self.calls.append(("write", values[0], bytes(values[1][:answer])))
        elif name in ("fsync", "close"):
            self.calls.append(({"fsync": "flush"}.get(name, name), values[0]))
        elif name == "mkdir":
            self.calls.append(("make_folder", paths[0]))
        elif name in ("replace", "rename"):
            self.calls.append(("rename", *paths))
        elif name in ("unlink", "rmdir"):
            self.calls.append(("remove", paths[0]))


def through(monkeypatch: Any, system: System) -> System:
    """Let `layerwise.files` speak to this system until the test ends."""
    monkeypatch.setattr(layerwise.files, "os", system)
    return system
