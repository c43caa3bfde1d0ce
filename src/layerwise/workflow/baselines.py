"""The simple learners beside a network: which ones, what they learn from, and what is said of that.

Pictures that have classes stand beside what stood before convolutional networks: the directions of their edges and a
linear machine (lecture 003, "traditional model").
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch.nn import functional

from layerwise.config import Experiment, Model
from layerwise.data.image_step import ImageStep
from layerwise.data.kinds import Images
from layerwise.language import say
from layerwise.randomness import generator
from layerwise.tasks.contract import Examples
from layerwise.tasks.ragged import Ragged
from layerwise.workflow.balance import as_baselines_learn
from layerwise.workflow.prepare import Prepared

__all__ = ["as_baseline_learns", "baseline_models", "baseline_notes"]

QUICK = 5_000_000
"""Numbers of the training inputs up to which every baseline of the task is quick."""

EDGES = "hog-svm"

MOST_LEARNED = 2000
"""Pictures that edges are learned from; of more a random sample. The time of the machine grows with the square."""

MOST_CLASSES = 50
"""Classes up to which the machine, which draws a border for each pair of them, is quick."""

LARGEST_SIDE = 64
"""Pixels to which the shorter side of larger pictures is scaled down, as those of the paper are across."""

SMALL_SIDE, SMALL_CELL = 16, 2
"""Pictures with a shorter side below this have cells of two pixels: of four, hardly a block would fit."""

MOST_PIXELS = 50_000_000
"""Pixels that are described, in all folds together: some seconds."""

TOGETHER = 128
"""Pictures that are scaled at once."""


def baseline_models(prepared: Prepared, whole: Experiment) -> tuple[Model, ...]:
    """Return the simple learners that stand beside the network: those named, else those that are quick here.

    Args:
        prepared: The data.
        whole: The experiment.
    """
    if whole.evaluate.baselines != ("auto",):
        return tuple(map(Model, whole.evaluate.baselines))
    inputs = prepared.examples["train"].inputs
    quick = isinstance(inputs, Ragged) or inputs.numel() <= QUICK
    names = prepared.task.baselines if quick else prepared.task.baselines[:1]
    step = _beside(prepared, whole)
    if step is None or _left_out(step, prepared, whole):
        return tuple(map(Model, names))
    cell = {"cell_size": SMALL_CELL} if min(_size(step)) < SMALL_SIDE else {}
    # Two parts tell nearly as well as five how sharp the probabilities are, in a third of the time.
    return (*map(Model, names), Model(EDGES, {"calibration_folds": 2, **cell}))


def baseline_notes(prepared: Prepared, whole: Experiment) -> tuple[str, ...]:
    """Say what the standing baseline of pictures did not see, or why it was left out; nothing where all is as usual.

    Args:
        prepared: The data.
        whole: The experiment.
    """
    step = _beside(prepared, whole)
    if step is None:
        return ()
    left_out = _left_out(step, prepared, whole)
    if left_out:
        return (left_out,)
    notes, learned = [], len(prepared.examples["train"])
    if prepared.dealt:
        learned = max(len(fold.train) for fold in prepared.dealt[0])
    if learned > MOST_LEARNED:
        notes.append(say("Baseline HOG + linear SVM: learned from {:,} training pictures, drawn at random (from all of "
                         "them: {}).", MOST_LEARNED, _asked(prepared)))  # fmt: skip
    if min(step.height, step.width) > LARGEST_SIDE:
        notes.append(say("Baseline HOG + linear SVM: pictures with a shorter side above {} pixels were scaled down to "
                         "that.", LARGEST_SIDE))  # fmt: skip
    return tuple(notes)


def as_baseline_learns(prepared: Prepared, whole: Experiment, model: Model) -> Prepared:
    """Return the data as a baseline takes them: unweighted, and for edges fewer and smaller pictures.

    Args:
        prepared: The data.
        whole: The experiment, with the seed of what is drawn.
        model: The baseline.
    """
    prepared = as_baselines_learn(prepared)
    step = _pictures(prepared, whole)
    if model.name != EDGES or step is None:
        return prepared
    height, width = _size(step)
    train, test = prepared.examples["train"], prepared.examples["test"]
    order = torch.randperm(len(train), generator=generator(whole.train.seed, "baseline"))
    drawn = order[:MOST_LEARNED].sort().values
    seen = {"train": _seen(train, drawn, height, width), "test": _seen(test, torch.arange(len(test)), height, width)}
    steps = (replace(step, height=height, width=width), *prepared.preprocessing.steps[1:])
    return replace(
        prepared, examples={**prepared.examples, **seen}, preprocessing=replace(prepared.preprocessing, steps=steps)
    )


def _beside(prepared: Prepared, whole: Experiment) -> ImageStep | None:
    """Return how pictures are prepared; None where edges have no network to stand beside."""
    return None if whole.model.name == EDGES else _pictures(prepared, whole)


def _pictures(prepared: Prepared, whole: Experiment) -> ImageStep | None:
    """Return how pictures with classes are prepared; None where edges are no standing baseline."""
    step = prepared.preprocessing.steps[0]
    standing = whole.evaluate.baselines == ("auto",) and prepared.task.name == "classify"
    return step if standing and isinstance(step, ImageStep) else None


def _asked(prepared: Prepared) -> str:
    """Return how to ask for edges, whatever they cost."""
    return f"--baselines {prepared.task.baselines[0]} {EDGES}"


def _left_out(step: ImageStep, prepared: Prepared, whole: Experiment) -> str:
    """Say why edges are left out; empty where they are not."""
    (height, width), ask, classes = _size(step), _asked(prepared), len(prepared.task.classes)
    column = prepared.source.columns[step.field]
    across, down = column.sizes.max(axis=0).tolist() if isinstance(column, Images) else (width, height)
    if min(height, width, across, down) < 2 * SMALL_CELL:
        return say("Baseline HOG + linear SVM: left out, since pictures of {}x{} pixels are too small for it.",
                   min(across, width), min(down, height))  # fmt: skip
    if classes > MOST_CLASSES:
        return say("Baseline HOG + linear SVM: left out, since {} classes take long (ask for it: {}).", classes, ask)
    # Each deal tests every row once, and each fold learns anew.
    folds, deals = (whole.split.folds * whole.split.repeats, whole.split.repeats) if prepared.dealt else (1, 1)
    described = folds * min(MOST_LEARNED, len(prepared.examples["train"])) + deals * len(prepared.examples["test"])
    if described * height * width > MOST_PIXELS:
        return say("Baseline HOG + linear SVM: left out, since {:,} pictures of {}x{} pixels take long (ask for it: "
                   "{}).", described, width, height, ask)  # fmt: skip
    return ""


def _size(step: ImageStep) -> tuple[int, int]:
    """Return height and width of the pictures that edges see: never larger than the pictures themselves, and small."""
    height, width = step.height, step.width
    if step.fit == "resize" and all(step.picture):
        height, width = min(height, step.picture[0]), min(width, step.picture[1])
    shrunk = min(1.0, LARGEST_SIDE / min(height, width))
    return round(height * shrunk), round(width * shrunk)


def _seen(examples: Examples, rows: torch.Tensor, height: int, width: int) -> Examples:
    """Return some examples, their pictures brought to a smaller size: each pixel the mean of those it covers."""
    inputs, targets, weights = examples.tensors()
    small = [functional.interpolate(inputs[some], (height, width), mode="area") for some in torch.split(rows, TOGETHER)]
    return replace(
        examples, inputs=torch.cat(small), targets=targets[rows],
        ids=tuple(examples.ids[row] for row in rows.tolist()), weights=None if weights is None else weights[rows],
        truths=None if examples.truths is None else examples.truths[rows.numpy()],
    )  # fmt: skip
