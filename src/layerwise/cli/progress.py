"""A progress bar in a thread of its own, so that the loop pays for one assignment an update."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from layerwise.language import say
from layerwise.training.history import Epoch, part_name

__all__ = ["Bar", "Lines", "counter", "listener"]

TICK = 0.1
"""Seconds between two looks at the counter."""


def describe(epoch: Epoch, epochs: int) -> str:
    """Return one epoch as a line."""
    line = f"{epoch.stage}: " if epoch.stage else ""
    line += say("epoch {}/{}  train loss {:.4f}", epoch.epoch, epochs, epoch.train_loss)
    if epoch.validation_loss is not None:
        line += "  " + say("validation loss {:.4f}", epoch.validation_loss)
    if epoch.wrong is not None:
        line += "  " + say("{} wrong", epoch.wrong)
    for name, amount in epoch.parts.items():
        line += f"  {part_name(name)} {amount:.4g}"
    if epoch.left_out:
        line += "  " + say("updates left out so far: {}", epoch.left_out)
    if epoch.spike:
        line += "  " + say("the loss jumped at update {}", epoch.spike)
    return line


class Bar:
    """A live bar with rate and time left, on the error stream of a terminal."""

    def __init__(self) -> None:
        self._number = 0
        self._epochs = 0
        self._over = threading.Event()
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(bar_width=None), MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:.0f}/s"), TimeRemainingColumn(compact=True),
            console=Console(file=sys.stderr), transient=True, auto_refresh=False,
        )  # fmt: skip

    def began(self, steps: int, epochs: int) -> None:
        """Draw the bar, and keep drawing it until this stage of learning is over."""
        self._epochs, self._number = epochs, 0
        self._over.clear()
        for task in self._bar.task_ids:
            self._bar.remove_task(task)
        self._task = self._bar.add_task(say("learning"), total=steps, rate=0.0)
        self._bar.start()
        self._thread = threading.Thread(target=self._draw, daemon=True)
        self._thread.start()

    def _draw(self) -> None:
        began = time.monotonic()
        while not self._over.wait(TICK):
            rate = self._number / (time.monotonic() - began)
            self._bar.update(self._task, completed=self._number, rate=rate, refresh=True)

    def stepped(self, number: int) -> None:
        """Note the counter; the thread looks at it."""
        self._number = number

    def closed(self, epoch: Epoch) -> None:
        """Put the losses beside the bar, short enough for 80 columns."""
        line = f"{epoch.stage}: " if epoch.stage else ""
        line += say("epoch {}/{}", epoch.epoch, self._epochs) + "  " + say("loss {:.4f}", epoch.train_loss)
        if epoch.validation_loss is not None:
            line += f" / {epoch.validation_loss:.4f}"
        if epoch.spike:
            line += "  " + say("the loss jumped at update {}", epoch.spike)
        self._bar.update(self._task, description=line)

    def ended(self) -> None:
        """Take the bar away."""
        self._over.set()
        self._thread.join()
        self._bar.stop()


class Lines:
    """A plain line every few seconds, where the output is not a terminal."""

    def __init__(self, seconds: float = 5.0) -> None:
        self._seconds = seconds
        self._last = time.monotonic()
        self._began = time.monotonic()
        self._steps = self._epochs = 0
        self._waiting = ""

    def began(self, steps: int, epochs: int) -> None:
        """Note how long it can take."""
        self._steps, self._epochs, self._waiting = steps, epochs, ""
        self._began = self._last = time.monotonic()

    def stepped(self, number: int) -> None:
        """Print a line inside an epoch that takes long."""
        now = time.monotonic()
        if now - self._last >= self._seconds:
            self._print(now, say("update {}/{}", number, self._steps) + "  " + self._forecast(now, number))

    def closed(self, epoch: Epoch) -> None:
        """Print an epoch, unless a line was printed just now; the last one waits for the end."""
        now = time.monotonic()
        self._waiting = describe(epoch, self._epochs)
        if now - self._last >= self._seconds and epoch.epoch < self._epochs:
            self._print(now, self._waiting + "  " + self._forecast(now, epoch.step))

    def ended(self) -> None:
        """Print the last epoch."""
        if self._waiting:
            self._print(time.monotonic(), self._waiting)

    def _forecast(self, now: float, number: int) -> str:
        """Say how fast it goes and how long it can still take."""
        taken = max(now - self._began, 1e-9)
        return say("{:.0f} updates/s, at most {:.0f} s left", number / taken, taken / number * (self._steps - number))

    def _print(self, now: float, line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
        self._last, self._waiting = now, ""


@contextmanager
def counter(seconds: float = 5.0) -> Iterator[Callable[[int, int, str], None]]:
    """Show how many of several jobs are done inside a `with` block: a bar in a terminal, else a line now and then."""
    if sys.stderr.isatty():
        bar = Progress(
            TextColumn("{task.description}"), BarColumn(bar_width=None), MofNCompleteColumn(),
            TimeRemainingColumn(compact=True), console=Console(file=sys.stderr), transient=True,
        )  # fmt: skip
        with bar:
            task = bar.add_task("", total=None)
            yield lambda done, total, name: bar.update(task, completed=done, total=total, description=name)
        return
    last = time.monotonic()

    def line(done: int, total: int, name: str) -> None:
        nonlocal last
        if time.monotonic() - last >= seconds:
            last = time.monotonic()
            sys.stderr.write(say("{} of {} folds, now {}", done, total, name) + "\n")
            sys.stderr.flush()

    yield line


def listener() -> Bar | Lines:
    """Return a bar for a terminal and lines for everything else."""
    return Bar() if sys.stderr.isatty() else Lines()
