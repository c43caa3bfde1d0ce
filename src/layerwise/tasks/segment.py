"""Semantic segmentation: a class for every pixel of a picture (lecture 001, "의미적 분리")."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from layerwise.catalog import register
from layerwise.config import Evaluate, Train
from layerwise.data.image_step import Placed
from layerwise.data.kinds import Images
from layerwise.data.label_files import label_png, picture_file_names
from layerwise.data.label_images import IGNORE, LabelImages
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError, nearest
from layerwise.evaluation.measured import Measured
from layerwise.evaluation.segmentation_intervals import class_iou_intervals, segmentation_intervals
from layerwise.language import say
from layerwise.layers.pixel_losses import pixel_cross_entropy
from layerwise.metrics.segmentation import picture_confusions
from layerwise.tasks.asking import ask
from layerwise.tasks.contract import Batch, Examples, LossResult, OwnsLoss
from layerwise.tasks.ragged import Ragged
from layerwise.tasks.supervised import taken, weights_of

__all__ = ["LOSSES", "Segment"]

LOSSES = ("cross-entropy",)
"""Losses by their names in the settings, the usual one first."""

PICTURES_AT_ONCE = 128
"""Pictures that a network is asked about at once; its scores are several times as large as they are."""


@register(
    "segment", target="mask", model="fcn-small", lecture="001 Semantic Segmentation", small={"classes": ("a", "b", "c")}
)
@dataclass(frozen=True)
class Segment:
    """Choose one class for each pixel.

    Args:
        classes: Names of the classes, in the order of the outputs; the first is the background.
        error: `cross-entropy` of every counted pixel.
    """

    classes: tuple[str, ...]
    error: str = "cross-entropy"
    name: str = "segment"
    lower_is_better: bool = False

    @classmethod
    def of(cls, source: Source, training: np.ndarray, error: str) -> Self:
        """Set the task up for a source with one label image a picture.

        Raises:
            LayerwiseError: The target is of another kind, a label has no class, or all pixels are of one class.
        """
        name = source.named("target")[0]
        target = source.columns[name]
        if not isinstance(target, LabelImages):
            raise LayerwiseError(
                say("Segmentation needs a target of label images."),
                say("the target '{}' is of kind {}", name, say(target.kind)),
                say("Use another --task, or choose another --target."), usage=True,
            )  # fmt: skip
        if error not in ("auto", *LOSSES):
            rule = say("A loss must suit the task.")
            raise LayerwiseError(rule, say("loss '{}' for segmentation", error), nearest(error, LOSSES), usage=True)
        pictures = next((part for part in _inputs(source) if isinstance(part, Images)), None)
        target.check(source.places, None if pictures is None else pictures.sizes)
        present = [word for word, count in target.take(training).counts().items() if count]
        if len(present) < 2:
            raise LayerwiseError(
                say("Segmentation needs pixels of at least two classes in the training part."),
                say("every labelled pixel of '{}' is '{}'", name, present[0] if present else ""),
                say("Add pictures that show another class."),
            )
        return cls(target.names)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild the task from plain values."""
        return cls(tuple(values["classes"]), values["error"])

    def to_json(self) -> dict[str, Any]:
        """Return the task as plain values."""
        return {"name": self.name, "classes": list(self.classes), "error": self.error}

    @property
    def main(self) -> str:
        """Intersection over union, averaged over all classes, background included."""
        return "mean_iou"

    @property
    def columns(self) -> tuple[str, ...]:
        """Nothing that fits a table: a picture of classes stands in a file of its own."""
        return ()

    @property
    def baselines(self) -> tuple[str, ...]:
        """The class that is most frequent at each place."""
        return ("pixel-majority",)

    def outputs(self) -> int:
        """Return the number of classes."""
        return len(self.classes)

    def examples(self, source: Source, rows: np.ndarray, inputs: Tensor | Ragged, settings: Train) -> Examples:
        """Return pictures and label images of one part, the labels as uint8.

        Raises:
            LayerwiseError: Pictures reach the network in another size than their label images have.
        """
        pictures, ids = taken(inputs, torch.from_numpy(np.asarray(rows))), source.ids()
        names, weights = tuple(ids[row] for row in rows), weights_of(source)
        if not source.named("target"):
            return Examples(pictures, torch.zeros(len(rows), 0), names)
        labels = self.label_images(source, rows, (pictures[:0].shape[2], pictures[:0].shape[3]))
        chosen = None if weights is None else weights[torch.from_numpy(np.asarray(rows))]
        return Examples(pictures, torch.from_numpy(labels), names, chosen, labels)

    def label_images(self, source: Source, rows: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Return the label images of some rows in the classes of this task, `(rows, height, width)`.

        Raises:
            LayerwiseError: They have another size, or show a class that the network does not know.
        """
        column = source.columns[source.named("target")[0]]
        if not isinstance(column, LabelImages):
            message = "the target of a segmentation must be label images"
            raise TypeError(message)
        known = {name: place for place, name in enumerate(self.classes)}
        places = np.full(256, IGNORE, dtype=np.uint8)
        places[: len(column.names)] = [known.get(name, IGNORE) for name in column.names]
        labels = np.empty((len(rows), *size), dtype=np.uint8)
        for place, row in enumerate(rows):
            found = column[int(row)]
            if found.shape != size:
                raise LayerwiseError(
                    say("Pictures and label images must reach the network in one size."),
                    say("{}: a label image of {}x{}, pictures of {}x{}", source.place(int(row)), found.shape[1],
                        found.shape[0], size[1], size[0]),
                    say("Bring all pictures and label images to one size first."),
                )  # fmt: skip
            strange = [name for code, name in enumerate(column.names) if name not in known and (found == code).any()]
            if strange:
                rule = say("New pictures show the classes that the network was trained on.")
                found_text = say("{}: class '{}'", source.place(int(row)), strange[0])
                raise LayerwiseError(rule, found_text, nearest(strange[0], self.classes))
            labels[place] = places[found]
        return labels

    def loss(self, model: nn.Module, batch: Batch, state: Any) -> LossResult:
        """Return the summed cross-entropy of the counted pixels of a batch.

        E = -sum_n sum_ij log softmax(z_nij)[t_nij] over the pixels whose label is not 255
        """
        output = model(batch.inputs)
        total, count = pixel_cross_entropy(output, batch.targets, batch.weights, ignore=IGNORE)
        return LossResult(total, count, output)

    def answer(self, model: nn.Module, examples: Examples) -> np.ndarray:
        """Return the class of every pixel, `(items, height, width)` uint8."""
        return ask(model, examples, most_likely, batch_size=PICTURES_AT_ONCE)

    def labels(self, answers: np.ndarray) -> tuple[str, ...]:
        """Name the classes that were seen in each picture."""
        return tuple(self._seen(answer) for answer in answers)

    def words(self, truths: np.ndarray) -> tuple[str, ...]:
        """Name the classes that are in each picture."""
        return tuple(self._seen(truth) for truth in truths)

    def _seen(self, labels: np.ndarray) -> str:
        """Name the classes of a label image beside the background, or the background where there is nothing else."""
        found = [self.classes[label] for label in np.unique(labels) if 0 < label < len(self.classes)]
        return ", ".join(found) or self.classes[0]

    def measure(
        self, truths: np.ndarray, answers: np.ndarray, settings: Evaluate, *, seed: int,
        groups: np.ndarray | None = None,
    ) -> Measured:  # fmt: skip
        """Measure answered classes `(items, height, width)` against label images; whole pictures are resampled."""
        counts = picture_confusions(truths, answers, len(self.classes), ignore=IGNORE)
        drawn: dict[str, Any] = {
            "groups": groups, "confidence": settings.confidence, "resamples": settings.resamples,
        }  # fmt: skip
        found = segmentation_intervals(counts, generator=np.random.default_rng([seed, 0x5E61]), **drawn)
        each = class_iou_intervals(counts, self.classes, generator=np.random.default_rng([seed, 0x5E62]), **drawn)
        # No confusion matrix: pixels are no independent examples, and nothing may count them as such.
        return Measured(found, each)

    def files(self, ids: tuple[str, ...], truths: np.ndarray, answers: np.ndarray) -> Mapping[str, bytes]:
        """Return `segmentation.npz`: ids, class names, and the class of every pixel as it is and as it was answered."""
        stream = io.BytesIO()
        np.savez_compressed(
            stream, ids=np.array(ids, dtype=np.str_), classes=np.array(self.classes, dtype=np.str_),
            truths=np.asarray(truths, dtype=np.uint8), answers=np.asarray(answers, dtype=np.uint8),
        )  # fmt: skip
        return {"segmentation.npz": stream.getvalue()}

    def brought_back(self, answer: np.ndarray, place: Placed) -> np.ndarray:
        """Return a label image in the size of its picture: each pixel has the label of the nearest one.

        Example:
            >>> found = np.array([[0, 1], [2, 3]], np.uint8)
            >>> Segment(("a", "b", "c", "d")).brought_back(found, Placed(4, 3, 0, 0, 2, 2)).tolist()
            [[0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]
        """
        # The middle of pixel i of n lies at (i + 1/2) / n of the picture; in whole numbers, that of m is in pixel
        # floor((2 i + 1) m / 2 n).
        rows = (2 * np.arange(place.height) + 1) * place.down // (2 * place.height)
        columns = (2 * np.arange(place.width) + 1) * place.across // (2 * place.width)
        return answer[np.ix_(place.top + rows, place.left + columns)]

    @property
    def forms(self) -> tuple[str, ...]:
        """A folder of label images."""
        return ("/",)

    def table(self, ids: Sequence[str], answers: Sequence[np.ndarray]) -> Iterator[tuple[object, ...]]:
        """Yield the header and a row for each picture and class: its pixels, and their share of the picture."""
        yield ("id", "class", "pixels", "share")
        for name, answer in zip(ids, answers, strict=True):
            for word, count in zip(self.classes, self._pixels(answer), strict=True):
                yield (name, word, count, count / answer.size)

    def told(self, answer: np.ndarray) -> dict[str, Any]:
        """Return how many pixels of one picture each class has."""
        return {"pixels": dict(zip(self.classes, self._pixels(answer), strict=True))}

    def _pixels(self, answer: np.ndarray) -> list[int]:
        """Count the pixels of each class."""
        counts: list[int] = np.bincount(answer.ravel(), minlength=len(self.classes)).tolist()
        return counts

    def written(
        self, form: str, ids: Sequence[str], answers: Sequence[np.ndarray], sizes: np.ndarray
    ) -> Mapping[str, bytes]:
        """Return a PNG for each picture, the name of each class, and which PNG is of which picture."""
        names = picture_file_names(ids, ".png")
        listed = io.StringIO()
        csv.writer(listed, lineterminator="\n").writerows([("file", "id"), *zip(names, ids, strict=True)])
        held = {name: label_png(answer) for name, answer in zip(names, answers, strict=True)}
        classes = "".join(f"{name}\n" for name in self.classes)
        return {"classes.txt": classes.encode(), "pictures.csv": listed.getvalue().encode(), **held}

    def moved(self, targets: Tensor, matrices: Tensor, size: tuple[int, int]) -> Tensor:
        """Move label images as their pictures were moved: the nearest label, and 255 for what lies outside.

        Args:
            targets: Label images, `(batch, height, width)`.
            matrices: Where each pixel comes from, `(batch, 2, 3)`, in coordinates from -1 to 1.
            size: Height and width.
        """
        grid = functional.affine_grid(matrices, [len(targets), 1, *size], align_corners=False)
        # One more than the label, so that the zeros outside are told from class 0.
        above = (targets[:, None].to(grid.dtype) + 1).contiguous()
        taken_from = functional.grid_sample(above, grid, mode="nearest", align_corners=False)[:, 0]
        return torch.where(taken_from == 0, IGNORE, taken_from - 1).to(targets.dtype)

    def sample(self, inputs: int | tuple[int, ...], number: int, generator: torch.Generator) -> Examples:
        """Return examples that can be learned: blocks of classes, each with a colour of its own; some pixels ignored.

        Raises:
            TypeError: The inputs are no pictures.
        """
        if isinstance(inputs, int) or len(inputs) != 3:
            message = "a segmentation needs pictures: channels, height, width"
            raise TypeError(message)
        channels, height, width = inputs
        blocks = torch.randint(len(self.classes), (number, -(-height // 4), -(-width // 4)), generator=generator)
        labels = blocks.repeat_interleave(4, 1).repeat_interleave(4, 2)[:, :height, :width].clone()
        colours = torch.randn((len(self.classes), channels), generator=generator)
        noise = 0.3 * torch.randn((number, *inputs), generator=generator)
        pictures = colours[labels].permute(0, 3, 1, 2) + noise
        labels[:, 0] = IGNORE
        targets = labels.to(torch.uint8)
        return Examples(pictures, targets, tuple(str(row) for row in range(number)), None, targets.numpy())


def most_likely(model: nn.Module, output: Tensor) -> np.ndarray:
    """Return the class with the largest score at every pixel.

    Example:
        >>> most_likely(nn.Identity(), torch.tensor([[[[0.0, 2.0]], [[1.0, 1.0]]]])).tolist()
        [[[1, 0]]]
    """
    scores = model.scores(output) if isinstance(model, OwnsLoss) else output
    return np.asarray(scores.argmax(dim=1).to(torch.uint8).cpu().numpy())


def _inputs(source: Source) -> list[Any]:
    """Return the columns of the input fields."""
    return [source.columns[name] for name in source.named("input")]
