"""A finished run, opened: its network with its weights, its task and its preprocessing, ready for new data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import nn

from layerwise.catalog import find
from layerwise.data.preprocess import Preprocessing
from layerwise.data.source import Source
from layerwise.models import build
from layerwise.runs.folder import RunFolder
from layerwise.runs.predictions import OwnPixels, Predictions
from layerwise.runs.refusals import known_here, or_newer
from layerwise.runs.weights import load_weights
from layerwise.tasks.contract import AnswersInPixels, Examples, Task, WritesAnswers
from layerwise.tasks.ragged import as_values

__all__ = ["Opened", "Predictions", "labelled", "open_run"]


@dataclass(frozen=True)
class Opened:
    """A run whose network is asked."""

    folder: RunFolder
    task: Task
    preprocessing: Preprocessing

    @cached_property
    def model(self) -> nn.Module:
        """The trained network, on the processor, in evaluation mode.

        Raises:
            LayerwiseError: The run has no weights yet, or they are missing or damaged.
        """
        weights = self.folder.path / "model.safetensors"
        if not self.folder.finished and not weights.exists():
            raise self.folder.unfinished()
        model = self.untrained()
        load_weights(weights, model)
        return model.eval()

    def untrained(self) -> nn.Module:
        """Build the network with the weights it started from."""
        experiment = self.folder.experiment()
        with torch.random.fork_rng(), or_newer(self.folder.path):
            torch.manual_seed(experiment.train.seed)
            return build(
                experiment.model.name, self.preprocessing.input_shape, self.task.outputs(), experiment.model.options
            )

    def examples(self, source: Source) -> Examples:
        """Prepare new data as the training data were; the target may be absent."""
        inputs = as_values(self.preprocessing.apply(source))
        return self.task.examples(source, np.arange(len(source)), inputs, self.folder.experiment().train)

    def predict(self, source: Source) -> Predictions:
        """Answer for every row of a source; what lies in pictures is answered in their own pixels."""
        examples = self.examples(source.assign(dict.fromkeys(source.named("target"), "unused")))
        found = self.task.answer(self.model, examples)
        pictures = self.preprocessing.pictures(source)
        if pictures is None or not isinstance(self.task, AnswersInPixels):
            return labelled(self.task, examples.ids, found)
        step, column = pictures
        places = tuple(step.placed(int(width), int(height)) for width, height in column.sizes)
        answers = OwnPixels(self.task, tuple(found), places)
        labels = tuple(label for answer in answers for label in self.task.labels(answer[None]))
        writer = self.task if isinstance(self.task, WritesAnswers) else None
        return Predictions(examples.ids, labels, np.zeros((len(labels), 0)), (), answers, writer, column.sizes)


def open_run(folder: RunFolder) -> Opened:
    """Open a run.

    Raises:
        LayerwiseError: A file of the run is missing or damaged, or a newer version of layerwise made it.
    """
    data = folder.read("data.json")
    with known_here(folder.path / "data.json"):
        task = find("task", data["task"]["name"]).from_json(data["task"])
        preprocessing = Preprocessing.from_json(data["preprocessing"])
    return Opened(folder, task, preprocessing)


def labelled(task: Task, ids: tuple[str, ...], answers: np.ndarray) -> Predictions:
    """Name what the answers say; only those of tasks with score columns are scores."""
    scores = answers if task.columns else np.zeros((len(ids), 0))
    return Predictions(ids, task.labels(answers), scores, task.columns)
