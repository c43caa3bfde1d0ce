"""Ctrl-C and a polite kill set a flag that is read between two updates, so that nothing is cut in half."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Interrupt", "interruptible"]


class Interrupt:
    """Whether a stop was asked for.

    The first Ctrl-C asks: the running update is finished and a checkpoint is saved. The second acts at once, but for a
    checkpoint that is being written: then it acts as soon as that is whole. The third does not wait for anything.
    """

    def __init__(self) -> None:
        self._times = 0
        self._saving = False

    def __call__(self) -> bool:
        """Say whether a stop was asked for."""
        return self._times > 0

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Let a second request wait inside a `with` block."""
        self._saving, before = True, self._times
        try:
            yield
        finally:
            self._saving = False
        if self._times > max(before, 1):
            raise KeyboardInterrupt

    def note(self, _number: int, _frame: FrameType | None) -> None:
        """Take a signal."""
        self._times += 1
        if self._times == 2 and not self._saving:
            raise KeyboardInterrupt
        if self._times > 2:
            os._exit(130)


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Catch SIGINT and SIGTERM inside a `with` block; the value says whether one has come.

    Outside the main thread, where Python cannot catch signals, nothing changes.

    Example:
        >>> with interruptible() as interrupted:
        ...     interrupted()
        False
    """
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in signals}
    for number in signals:
        signal.signal(number, interrupt.note)
    try:
        yield interrupt
    finally:
        for number in signals:
            signal.signal(number, before[number])
