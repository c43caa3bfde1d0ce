"""Detection: a box and a class for each object in a picture, however many there are (lecture 001, object detection)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.config import Evaluate, Train
from layerwise.data.boxes import IGNORED, Boxes, box_problems
from layerwise.data.image_step import Placed
from layerwise.data.kinds import Images
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError, nearest
from layerwise.evaluation.detection_intervals import detection_intervals
from layerwise.evaluation.measured import Measured
from layerwise.language import say
from layerwise.layers.boxes import decode, keep_best
from layerwise.layers.detection_losses import LOSSES, LossOfGrid
from layerwise.layers.moved_boxes import moved_boxes
from layerwise.metrics.detection import coco_objects, coco_predictions, coco_results
from layerwise.tasks.asking import ask
from layerwise.tasks.contract import Batch, Examples, LossResult
from layerwise.tasks.ragged import Ragged
from layerwise.tasks.supervised import taken, weights_of

__all__ = ["LEAST_SCORE", "LOSSES", "MOST_BOXES", "OVERLAP", "Detect"]

PICTURES_AT_ONCE = 128
"""Pictures that a network is asked about at once; 100 boxes of each are compared with one another."""

LEAST_SCORE = 0.05
"""Boxes with a lower score are left out: they change average precision by less than a thousandth."""

SHOWN_SCORE = 0.5
"""Boxes from this score on are named in tables and drawn in pictures."""

MOST_BOXES = 100
OVERLAP = 0.5
"""Boxes of one class that overlap a better one by more are left out."""

LEAST_SIDE = 1.0
"""Pixels that must be left of a box when a moved picture cuts it off."""

EDGES = ("left", "top", "right", "bottom")
"""Names of the edges of a box, in the order of its numbers."""

NOBODY = -1
"""The class of a box that only fills a batch up."""


@register(
    "detect", target="boxes", model="grid-detector", lecture="001 Object Detection",
    small={"classes": ("a", "b", "c"), "anchor": 10.0, "size": (32, 32)},
)  # fmt: skip
@dataclass(frozen=True)
class Detect:
    """Find every object: its box and its class.

    A network answers with a map: for each cell of a grid over the picture how sure it is that an object has its centre
    there, four numbers for its box, and one number a class.

    Args:
        classes: Names of the classes, in the order of the outputs.
        anchor: Side of a typical box in pixels, the geometric mean over the training part.
        size: Height and width of the pictures in pixels.
        error: `focal-giou` or `squared-error`.
    """

    classes: tuple[str, ...]
    anchor: float
    size: tuple[int, int]
    error: str = "focal-giou"
    name: str = "detect"
    lower_is_better: bool = False

    @classmethod
    def of(cls, source: Source, training: np.ndarray, error: str) -> Self:
        """Set the task up for a source with boxes for each picture.

        Raises:
            LayerwiseError: The target is of another kind, a box cannot be, pictures differ in size, or none has a box.
        """
        name = source.named("target")[0]
        target = source.columns[name]
        if not isinstance(target, Boxes):
            raise LayerwiseError(
                say("Detection needs a target of boxes."), say("the target '{}' is of kind {}", name, say(target.kind)),
                say("Use another --task, or choose another --target."), usage=True,
            )  # fmt: skip
        if error not in ("auto", *LOSSES):
            rule = say("A loss must suit the task.")
            raise LayerwiseError(rule, say("loss '{}' for detection", error), nearest(error, LOSSES), usage=True)
        sizes = _sizes(source)
        wrong = box_problems(target, sizes, source.places)
        if wrong:
            first = f"{wrong[0].where}: {wrong[0].found}"
            found = first if len(wrong) == 1 else say("{} ({} boxes in all that cannot be)", first, len(wrong))
            raise LayerwiseError(wrong[0].rule, found, wrong[0].remedy)
        boxes = target.take(training).values
        if not len(boxes):
            raise LayerwiseError(
                say("Detection needs at least one box in the training part."),
                say("{} pictures without any box", len(training)), say("Add pictures that show an object."),
            )  # fmt: skip
        sides = boxes[:, 3:5] - boxes[:, 1:3]
        height, width = int(sizes[0, 1]), int(sizes[0, 0])
        anchor = float(np.exp(np.log(sides).mean()))
        return cls(target.names, anchor, (height, width), next(iter(LOSSES)) if error == "auto" else error)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild the task from plain values."""
        return cls(tuple(values["classes"]), values["anchor"], (values["size"][0], values["size"][1]), values["error"])

    def to_json(self) -> dict[str, Any]:
        """Return the task as plain values."""
        return {
            "name": self.name, "classes": list(self.classes), "anchor": self.anchor, "size": list(self.size),
            "error": self.error,
        }  # fmt: skip

    @property
    def main(self) -> str:
        """Mean over the classes of average precision, a hit from an overlap of one half on."""
        return "map_50"

    @property
    def columns(self) -> tuple[str, ...]:
        """Nothing that fits a table: boxes stand in a file of their own."""
        return ()

    @property
    def baselines(self) -> tuple[str, ...]:
        """Every patch of a colour that objects have, as an object."""
        return ("colour-threshold",)

    def outputs(self) -> int:
        """Return the number of classes; the map has five channels more, for sureness and box."""
        return len(self.classes)

    def examples(self, source: Source, rows: np.ndarray, inputs: Tensor | Ragged, settings: Train) -> Examples:
        """Return pictures and the boxes of one part.

        Raises:
            LayerwiseError: Pictures with boxes reach the network in another size than their boxes are drawn in.
        """
        index, ids, weights = torch.from_numpy(np.asarray(rows)), source.ids(), weights_of(source)
        pictures, names = taken(inputs, index), tuple(ids[row] for row in rows)
        chosen = None if weights is None else weights[index]
        if not source.named("target"):
            return Examples(pictures, torch.zeros(len(index), 0), names)
        self._require_size(source, pictures)
        column = source.columns[source.named("target")[0]]
        if not isinstance(column, Boxes):
            message = "the target of a detection must be boxes"
            raise TypeError(message)
        truths = np.empty(len(rows), dtype=object)
        for place, row in enumerate(rows):
            truths[place] = np.column_stack([self._known(column, int(row)), column.flags_of(int(row))])
        # What is not measured is not learned either.
        learned = [torch.from_numpy(truth[truth[:, 5] != IGNORED, :5]).float() for truth in truths]
        targets = Ragged.of([*learned, torch.zeros(0, 5)], NOBODY)
        return Examples(pictures, Ragged(targets.values, targets.starts[:-1], NOBODY), names, chosen, truths)

    def _known(self, column: Boxes, row: int) -> np.ndarray:
        """Return the boxes of a picture with the class places of this task.

        Raises:
            LayerwiseError: A class is not among those that the network knows.
        """
        known = {name: place for place, name in enumerate(self.classes)}
        boxes = column[row].copy()
        for box in boxes:
            name = column.names[int(box[0])]
            if name not in known:
                raise LayerwiseError(
                    say("Boxes are of the classes that the network learned."), say("a box of class '{}'", name),
                    nearest(name, self.classes),
                )  # fmt: skip
            box[0] = known[name]
        return boxes

    def _require_size(self, source: Source, pictures: Tensor | Ragged) -> None:
        """Refuse pictures that were scaled or framed on their way to the network, since their boxes were not."""
        height, width = (pictures.shape[2], pictures.shape[3]) if isinstance(pictures, Tensor) else (0, 0)
        sizes = _sizes(source)
        if (sizes != (width, height)).any() or (height, width) != self.size:
            shown = sizes[int(np.argmax((sizes != (width, height)).any(axis=1)))]
            needed = self.size if (sizes == (width, height)).all() else (height, width)
            raise LayerwiseError(
                say("Pictures with boxes must reach the network in their own size, all of them the same."),
                say("a picture of {}x{}, a network for {}x{}", shown[0], shown[1], needed[1], needed[0]),
                say("Bring all pictures and their boxes to one size first, and leave --image-size out."),
            )

    def loss(self, model: nn.Module, batch: Batch, state: Any) -> LossResult:
        """Return the summed loss of a batch: how sure each cell should be, where the boxes lie, what they are."""
        output = model(batch.inputs)
        size = (batch.inputs.shape[2], batch.inputs.shape[3])
        asked = LossOfGrid(output, batch.targets, size=size, anchor=self.anchor, weights=batch.weights)
        parts = LOSSES[self.error](asked)
        return LossResult(torch.stack(list(parts.values())).sum(), batch.count(), output, parts)

    def answer(self, model: nn.Module, examples: Examples) -> np.ndarray:
        """Return the boxes of each picture, the best score first: class, left, top, right, bottom, score."""
        return ask(model, examples, self.decode, batch_size=PICTURES_AT_ONCE)

    def decode(self, model: nn.Module, output: Tensor) -> np.ndarray:
        """Read the boxes of each picture from its map: the best of every cell, without those that overlap a better one.

        score = sigmoid(z_0) max_k softmax(z_5 ...)_k
        """
        boxes, classes, scores = self.read(output)
        scores, order = scores.sort(dim=1, descending=True, stable=True)
        scores, order = scores[:, :MOST_BOXES], order[:, :MOST_BOXES]
        boxes = boxes.gather(1, order[:, :, None].expand(-1, -1, 4))
        classes = classes.gather(1, order)
        kept = keep_best(boxes, classes, scores >= LEAST_SCORE, threshold=OVERLAP)
        rows = torch.cat([classes[:, :, None].double(), boxes.double(), scores[:, :, None].double()], dim=2)
        found = np.empty(len(rows), dtype=object)
        for place, (row, keep) in enumerate(zip(rows, kept, strict=True)):
            found[place] = row[keep].cpu().numpy()
        return found

    def read(self, output: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return box, class and score of every cell, row after row: `(batch, cells, 4)`, twice `(batch, cells)`."""
        boxes = decode(output[:, 1:5], size=self.size, anchor=self.anchor).flatten(1, 2)
        limits = boxes.new_tensor([self.size[1], self.size[0]] * 2)
        share, classes = output[:, 5:].softmax(1).max(1)
        # score = sigmoid(z_0) max_k softmax(z_5 ...)_k
        scores = output[:, 0].sigmoid() * share
        return boxes.clamp_min(0).minimum(limits), classes.flatten(1), scores.flatten(1)

    def labels(self, answers: np.ndarray) -> tuple[str, ...]:
        """Say how many objects of which class are found, those of a score of one half or more."""
        return self.words(_objects(answer[answer[:, 5] >= SHOWN_SCORE] for answer in answers))

    def words(self, truths: np.ndarray) -> tuple[str, ...]:
        """Say how many objects of which class there are."""
        boxes = Boxes.of([truth[:, :5] for truth in truths], self.classes)
        return tuple(boxes.show(row) for row in range(len(boxes)))

    def measure(
        self, truths: np.ndarray, answers: np.ndarray, settings: Evaluate, *, seed: int,
        groups: np.ndarray | None = None,
    ) -> Measured:  # fmt: skip
        """Measure boxes against objects: average precision as COCO defines it."""
        found, classes = detection_intervals(
            list(truths), list(answers), self.classes, generator=np.random.default_rng([seed, 0xE7A1]), groups=groups,
            confidence=settings.confidence, resamples=settings.resamples,
        )  # fmt: skip
        return Measured(found, classes)

    def files(self, ids: tuple[str, ...], truths: np.ndarray, answers: np.ndarray) -> Mapping[str, bytes]:
        """Return the boxes as a COCO results file and the objects as a COCO annotation file."""
        held = {
            "predictions.coco.json": coco_results(list(answers)),
            "truths.coco.json": coco_objects(ids, list(truths), self.classes, self.size),
        }
        return {name: json.dumps(content, indent=0).encode() for name, content in held.items()}

    def brought_back(self, answer: np.ndarray, place: Placed) -> np.ndarray:
        """Return boxes in the pixels of their picture, cut at its border; what lies beside it is left out.

        x = (x' - left) width / across,  y = (y' - top) height / down

        Example:
            >>> found = np.array([[0, 2, 2, 18, 12, 0.9]])
            >>> Detect(("cat",), 8.0, (32, 32)).brought_back(found, Placed(300, 100, 2, 0, 30, 32)).tolist()
            [[0.0, 0.0, 6.25, 160.0, 37.5, 0.9]]
        """
        corner, size = np.array([place.left, place.top] * 2), np.array([place.width, place.height] * 2)
        # x = (x' - left) width / across,  y = (y' - top) height / down
        edges = (answer[:, 1:5] - corner) * (size / np.array([place.across, place.down] * 2))
        edges = np.clip(edges, 0, size)
        seen = (edges[:, 2:] > edges[:, :2]).all(axis=1)
        return np.asarray(np.column_stack([answer[:, :1], edges, answer[:, 5:]])[seen])

    @property
    def forms(self) -> tuple[str, ...]:
        """One COCO file of all boxes."""
        return (".json",)

    def table(self, ids: Sequence[str], answers: Sequence[np.ndarray]) -> Iterator[tuple[object, ...]]:
        """Yield the header and a row for each box, the best of a picture first."""
        yield ("id", "class", *EDGES, "score")
        for name, answer in zip(ids, answers, strict=True):
            for kind, *numbers in answer.tolist():
                yield (name, self.classes[int(kind)], *numbers)

    def told(self, answer: np.ndarray) -> dict[str, Any]:
        """Return the boxes of one picture, the best first."""
        names = (*EDGES, "score")
        boxes = [
            {"class": self.classes[int(kind)], **dict(zip(names, numbers, strict=True))}
            for kind, *numbers in answer.tolist()
        ]
        return {"boxes": boxes}

    def written(
        self, form: str, ids: Sequence[str], answers: Sequence[np.ndarray], sizes: np.ndarray
    ) -> Mapping[str, bytes]:
        """Return all boxes as one COCO file: images, categories, and annotations with a score."""
        content = coco_predictions(ids, answers, self.classes, sizes)
        return {"": json.dumps(content, ensure_ascii=False, indent=0).encode()}

    def moved(self, targets: Tensor, matrices: Tensor, size: tuple[int, int]) -> Tensor:
        """Move boxes with their pictures, cut at the border; dropped where too little is left of one."""
        kinds, edges = targets[..., 0], targets[..., 1:]
        moved = moved_boxes(edges, matrices, size)
        left_over = ((moved[..., 2:] - moved[..., :2]) >= LEAST_SIDE).all(-1) & (kinds >= 0)
        return torch.cat([torch.where(left_over, kinds, float(NOBODY))[..., None], moved], dim=-1)

    def sample(self, inputs: int | tuple[int, ...], number: int, generator: torch.Generator) -> Examples:
        """Return pictures that can be learned: squares on noise, of another brightness for each class."""
        channels, height, width = (1, *self.size) if isinstance(inputs, int) else inputs
        pictures = 0.1 * torch.randn((number, channels, height, width), generator=generator)
        marks = torch.randn((len(self.classes), channels), generator=generator).sign() * 2
        held, truths = [], np.empty(number, dtype=object)
        for row in range(number):
            count = row % 3
            side = max(min(height, width) // 4, 4)
            rooms = torch.randperm((height // side) * (width // side), generator=generator)[:count].tolist()
            boxes = torch.zeros(count, 5)
            for place, room in enumerate(rooms):
                top, left = room // (width // side) * side, room % (width // side) * side
                kind = (row + place) % len(self.classes)
                pictures[row, :, top : top + side, left : left + side] += marks[kind][:, None, None] * (1 + kind)
                boxes[place] = torch.tensor([kind, left, top, left + side, top + side])
            held.append(boxes)
            truths[row] = np.column_stack([boxes.double().numpy(), np.zeros(count)])
        return Examples(pictures, Ragged.of(held, NOBODY), tuple(map(str, range(number))), truths=truths)


def _sizes(source: Source) -> np.ndarray:
    """Return width and height of every picture, `(rows, 2)`.

    Raises:
        LayerwiseError: There is no picture among the inputs.
    """
    for name in source.named("input"):
        column = source.columns[name]
        if isinstance(column, Images):
            return column.sizes
    raise LayerwiseError(
        say("Detection needs pictures."), say("'{}' has no picture among its inputs", source.name),
        say("Give pictures with boxes."),
    )  # fmt: skip


def _objects(items: Any) -> np.ndarray:
    """Return arrays of different length as one array of objects."""
    held = list(items)
    found = np.empty(len(held), dtype=object)
    for place, item in enumerate(held):
        found[place] = item
    return found
