"""layerwise as a run uses it: the plan of its rules, the loop, history, and checkpoints by time."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from protocol import BATCH_SIZE, LEARNING_RATE, THREADS, Arrays, Peer, serve

import layerwise
from layerwise.config import Train
from layerwise.models.lenet import lenet5
from layerwise.runs.folder import RunFolder
from layerwise.tasks.classify import Classify
from layerwise.tasks.contract import Examples
from layerwise.training.device import choose_plan, convolves
from layerwise.training.history import History
from layerwise.training.loop import train
from layerwise.training.ranks import ALONE
from layerwise.training.snapshot import take_snapshot
from layerwise.training.state import prepare
from layerwise.workflow.keep import Checkpoints


def build(arrays: Arrays) -> Peer:
    """Set the run up; a checkpoint every ten seconds of learning."""
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    inputs, targets, test_x, test_y = (
        torch.from_numpy(arrays[name]) for name in ("train_x", "train_y", "test_x", "test_y")
    )
    task = Classify(tuple("0123456789"))
    examples = Examples(inputs, targets, tuple(map(str, range(len(inputs)))))
    model = lenet5((1, 32, 32), 10)
    settings = Train(epochs=1000, batch_size=BATCH_SIZE, learning_rate=LEARNING_RATE, stopping="none")
    state = prepare(model, task, examples, settings, choose_plan(settings, 416_520, maps=convolves(model)))
    steps, history = train(state), History()
    keeper = Checkpoints(RunFolder(Path(tempfile.mkdtemp())), 10.0, ALONE)

    def epoch() -> None:
        for step in steps:
            history.observe(step)
            if keeper.due():
                keeper.keep(take_snapshot(state, model), {"epoch": step.epoch})
            if step.ends_epoch:
                history.close(step, None, None)
                return

    def accuracy() -> float:
        answers = task.answer(model, Examples(test_x, test_y, tuple(map(str, range(len(test_x))))))
        return float((answers.argmax(1) == test_y.numpy()).mean())

    return f"layerwise {layerwise.__version__}, torch {torch.__version__}", epoch, accuracy


if __name__ == "__main__":
    serve(build)
