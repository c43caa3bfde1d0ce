"""Progress: plain lines with rate and time left where there is no terminal, a bar where there is one, and Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from layerwise.cli import progress
from layerwise.cli.progress import Bar, Lines, describe, listener
from layerwise.language import use
from layerwise.training.history import Epoch


def epoch(number, step):
    return Epoch(
        epoch=number, step=step, train_loss=0.5, validation_loss=0.25, wrong=None, learning_rate=0.1, seconds=1.0
    )


def test_lines_say_rate_and_time_left(monkeypatch, capsys):
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    lines = Lines()
    lines.began(400, 2)
    for second, event, number in ((1, "step", 20), (10, "step", 100), (11, "epoch", 1), (20, "epoch", 2)):
        clock[0] = second
        if event == "step":
            lines.stepped(number)
        else:
            lines.closed(epoch(number, 200 * number))
    lines.ended()
    # 100 updates in 10 s: 10 a second, 300 are left.
    assert capsys.readouterr().err.splitlines() == [
        "update 100/400  10 updates/s, at most 30 s left",
        "epoch 2/2  train loss 0.5000  validation loss 0.2500",
    ]


def test_parts_of_the_loss_are_named_in_the_language_in_use():
    closed = replace(epoch(1, 20), parts={"sureness": 2.0, "box": 1.5, "class": 3.0, "return": 0.25})
    assert describe(closed, 2).endswith("  sureness 2  box 1.5  class 3  return 0.25")
    with use("ko"):
        assert describe(closed, 2).endswith("  확신도 2  상자 1.5  클래스 3  보상의 합 0.25")


def test_a_bar_for_a_terminal_only(monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert isinstance(listener(), Bar)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    assert isinstance(listener(), Lines)


def test_a_bar_lives_from_beginning_to_end():
    bar = Bar()
    bar.began(40, 2)
    bar.stepped(20)
    bar.closed(epoch(1, 20))
    time.sleep(3 * progress.TICK)
    bar.ended()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
@pytest.mark.parametrize("words", ["demo", "reproduce digits-lenet5"])
def test_one_interrupt_ends_demo_and_reproduce(tmp_path, words):
    with subprocess.Popen(
        [sys.executable, "-m", "layerwise", *words.split()], cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1"},
    ) as process:  # fmt: skip
        limit = time.monotonic() + 90
        while not list(tmp_path.glob("runs/*/history.jsonl")) and time.monotonic() < limit:
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=90)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "Interrupted." in errors
    assert not list(tmp_path.glob("runs/*/metrics.json"))
