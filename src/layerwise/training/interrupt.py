"""Ctrl-C and a polite kill set a flag that is read between two updates, so that nothing is cut in half."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["interruptible"]


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Catch SIGINT and SIGTERM inside a `with` block; the value says whether one has come.

    A second Ctrl-C acts at once, as usual. Outside the main thread, where Python cannot catch signals, nothing changes.

    Example:
        >>> with interruptible() as interrupted:
        ...     interrupted()
        False
    """
    came = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield came.is_set
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in signals}

    def note(number: int, _frame: FrameType | None) -> None:
        came.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in signals:
        signal.signal(number, note)
    try:
        yield came.is_set
    finally:
        for number in signals:
            signal.signal(number, before[number])
