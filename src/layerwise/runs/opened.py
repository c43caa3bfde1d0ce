"""A finished run, opened: its network with its weights, its task and its preprocessing, ready for new data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from layerwise.catalog import find
from layerwise.data.preprocess import Preprocessing
from layerwise.data.source import Source
from layerwise.language import say
from layerwise.models import build
from layerwise.notebook import html_table
from layerwise.runs.folder import RunFolder
from layerwise.runs.weights import load_weights
from layerwise.tasks.contract import Task

__all__ = ["Opened", "Predictions", "answer", "open_run"]

SHOWN = 20
"""Answers that a notebook shows."""


@dataclass(frozen=True)
class Predictions:
    """What a network says about some examples.

    Args:
        ids: The id of each example.
        labels: The predicted class names, or the numbers as text.
        scores: Class probabilities `(items, classes)`, or predicted numbers `(items, targets)`.
        columns: What each column of `scores` is.
    """

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    scores: np.ndarray
    columns: tuple[str, ...]

    def _repr_html_(self) -> str:
        """Show the first answers in a notebook."""
        shown = zip(self.ids[:SHOWN], self.labels[:SHOWN], self.scores[:SHOWN], strict=True)
        rows = [[name, label, *(f"{score:.4g}" for score in scores)] for name, label, scores in shown]
        caption = say("{} of {} answers", len(rows), len(self.ids))
        return html_table(caption, [say("id"), say("prediction"), *self.columns], rows)


@dataclass(frozen=True)
class Opened:
    """A run whose network is asked."""

    folder: RunFolder
    task: Task
    preprocessing: Preprocessing

    @cached_property
    def model(self) -> nn.Module:
        """The trained network, on the processor, in evaluation mode."""
        model = self.untrained()
        load_weights(self.folder.path / "model.safetensors", model)
        return model.eval()

    def untrained(self) -> nn.Module:
        """Build the network with the weights it started from."""
        experiment = self.folder.experiment()
        with torch.random.fork_rng():
            torch.manual_seed(experiment.train.seed)
            return build(
                experiment.model.name, self.preprocessing.input_shape, self.task.outputs(), experiment.model.options
            )

    def inputs(self, source: Source) -> Tensor:
        """Preprocess new data as the training data were."""
        return torch.from_numpy(self.preprocessing.apply(source))

    def predict(self, source: Source) -> Predictions:
        """Answer for every row of a source."""
        scores = answer(self.model, self.task, self.inputs(source))
        return labelled(self.task, tuple(source.ids()), scores)


def open_run(folder: RunFolder) -> Opened:
    """Open a run.

    Raises:
        LayerwiseError: A file of the run is missing or damaged.
    """
    data = folder.read("data.json")
    return Opened(
        folder,
        find("task", data["task"]["name"]).from_json(data["task"]),
        Preprocessing.from_json(data["preprocessing"]),
    )


def answer(model: nn.Module, task: Task, inputs: Tensor, *, batch_size: int = 1024) -> np.ndarray:
    """Return what a network predicts for preprocessed inputs, without touching its mode or gradients."""
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    training = model.training
    model.eval()
    with torch.inference_mode():
        parts = [
            task.decode(model, model(inputs[start : start + batch_size].to(device)))
            for start in range(0, len(inputs), batch_size)
        ]
    model.train(training)
    return np.concatenate(parts) if parts else np.zeros((0, task.outputs()))


def labelled(task: Task, ids: tuple[str, ...], scores: np.ndarray) -> Predictions:
    """Name what the scores say."""
    return Predictions(ids, task.labels(scores), scores, task.columns)
