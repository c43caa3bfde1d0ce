"""Everyone who listens to the loop hears the same; each reason to stop is told apart."""

import json
import os
import signal

import pytest
import torch
from torch import nn

from layerwise.config import Train
from layerwise.models.perceptron import perceptron
from layerwise.tasks.classify import Classify
from layerwise.tasks.contract import Examples
from layerwise.training.history import History
from layerwise.training.state import Plan, prepare
from layerwise.workflow.learn import Records, learn

TASK = Classify(("no", "yes"))
AND = Examples(torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]), torch.tensor([0, 0, 0, 1]), ("00", "01", "10", "11"))
XOR = Examples(AND.inputs, torch.tensor([0, 1, 1, 0]), AND.ids)
NOTHING = Examples(AND.inputs[:0], AND.targets[:0], ())


class Diary:
    """Notes what it hears."""

    def __init__(self, *, interrupt_at=0):
        self.heard = []
        self.interrupt_at = interrupt_at

    def began(self, steps, epochs):
        self.heard.append(("began", steps, epochs))

    def stepped(self, number):
        self.heard.append(("stepped", number))
        if number == self.interrupt_at:
            os.kill(os.getpid(), signal.SIGINT)

    def closed(self, epoch):
        self.heard.append(("closed", epoch.epoch))

    def ended(self):
        self.heard.append(("ended",))


def state(examples, model=None, **settings):
    torch.manual_seed(0)
    model = model or perceptron(2, 2)
    chosen = {"epochs": 50, "batch_size": 1, "optimizer": "sgd", "learning_rate": 1.0, "stopping": "no-errors"}
    return prepare(model, TASK, examples, Train(**(chosen | settings)), Plan("cpu", 1))


def test_a_perceptron_stops_on_and_and_never_on_xor():
    """Lecture 003: the rule ends for classes that a line divides, and for others it does not."""
    outcome = learn(state(AND), NOTHING, Diary())
    assert outcome.reason == "no-errors"
    assert outcome.epochs[-1].wrong == 0
    assert all(epoch.wrong for epoch in outcome.epochs[:-1])
    outcome = learn(state(XOR), NOTHING, Diary())
    assert (outcome.reason, len(outcome.epochs)) == ("epochs", 50)
    assert all(epoch.wrong for epoch in outcome.epochs)


def test_a_listener_hears_every_update_and_epoch_in_order():
    diary = Diary()
    learn(state(XOR, epochs=2, stopping="none"), NOTHING, diary)
    steps = [("stepped", number) for number in range(1, 9)]
    assert diary.heard == [("began", 8, 2), *steps[:4], ("closed", 1), *steps[4:], ("closed", 2), ("ended",)]


def test_the_history_file_has_one_line_an_epoch(tmp_path):
    held = state(XOR, epochs=3, stopping="none")
    with (tmp_path / "history.jsonl").open("a") as stream:
        outcome = learn(held, NOTHING, Diary(), Records(History(), held.learner.model, lines=stream))
    lines = (tmp_path / "history.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [epoch.to_json() for epoch in outcome.epochs]


def test_an_interrupt_ends_after_the_running_update():
    diary = Diary(interrupt_at=6)
    held = state(XOR, epochs=3, stopping="none")
    outcome = learn(held, NOTHING, diary)
    assert (outcome.reason, len(outcome.epochs), held.step) == ("interrupted", 1, 6)
    assert diary.heard[-1] == ("ended",)


def test_a_listener_hears_the_end_even_when_learning_fails():
    held = state(XOR, model=nn.Linear(2, 2), stopping="none")
    held.examples.inputs[2] = float("nan")
    diary = Diary()
    with pytest.raises(Exception, match="not finite"):
        learn(held, NOTHING, diary)
    assert diary.heard[-1] == ("ended",)
