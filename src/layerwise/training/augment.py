"""Random changes of training pictures, a whole batch at once on its device (lecture 002, AlexNet).

The changes of an example depend on the seed, the epoch and the example alone: not on the batch it happens to be in,
nor on the number of processes, nor on a resume in between.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor
from torch.nn import functional

from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say
from layerwise.randomness import generator
from layerwise.tasks.contract import Batch, Moves

__all__ = ["CHANGES", "Augmentation", "augmentation"]

CHANGES = {
    "shift": 2.0, "flip": 0.5, "crop": 4.0, "zoom": 0.2, "rotate": 10.0, "brightness": 0.2, "contrast": 0.2,
    "cutout": 8.0,
}  # fmt: skip
"""Each change and its usual strength: pixels, probability, pixels of border, share, degrees, shares, pixels a side."""

RANGES = {
    "shift": ("1, 2, 3 ...", 1, 10_000), "crop": ("1, 2, 3 ...", 1, 10_000), "cutout": ("1, 2, 3 ...", 1, 10_000),
    "zoom": ("0 ... 0.9", 0, 0.9), "rotate": ("0 ... 180", 0, 180), "flip": ("0 ... 1", 0, 1),
    "brightness": ("0 ... 1", 0, 1), "contrast": ("0 ... 1", 0, 1),
}  # fmt: skip
"""What the strength of each change can be, in signs, and its least and greatest value."""


@dataclass(frozen=True)
class Augmentation:
    """Random changes in the order given.

    Args:
        changes: Name and strength of each change.
        seed: Seed of the run.
        examples: Number of training examples.
        black: What a black pixel is after preprocessing, for each channel; shifted-in borders are black.
        unit: What one full range of brightness is after preprocessing, for each channel.
        moves: The task, where its targets move with the picture; None where they stay.
    """

    changes: tuple[tuple[str, float], ...]
    seed: int
    examples: int
    black: tuple[float, ...]
    unit: tuple[float, ...]
    moves: Moves | None = None
    _kept: dict[tuple[object, ...], Tensor] = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, batch: Batch, epoch: int) -> Batch:
        """Change a batch of pictures `(batch, channels, height, width)`, and its targets where these move along."""
        inputs, rows, size = batch.inputs, batch.rows, (batch.inputs.shape[2], batch.inputs.shape[3])
        black, unit = self._levels(inputs, self.black), self._levels(inputs, self.unit)
        # Black is moved to zero, so that every change may fill with zeros.
        pictures, matrices = inputs - black, None
        for place, (name, strength) in enumerate(self.changes):
            draws = self._draws(epoch, place, inputs)[rows]
            pictures = _APPLY[name](pictures, draws, strength, unit)
            if self.moves is not None and name in _MATRIX:
                matrices = _after(matrices, _MATRIX[name](draws, strength, size))
        targets = batch.targets
        if self.moves is not None and matrices is not None:
            targets = self.moves.moved(targets, matrices, size)
        return replace(batch, inputs=pictures + black, targets=targets)

    def _levels(self, inputs: Tensor, levels: tuple[float, ...]) -> Tensor:
        """Return one number a channel where the pictures are; copied there once, since a copy waits for a card."""
        key = (levels, inputs.device, inputs.dtype)
        if key not in self._kept:
            self._kept[key] = torch.tensor(levels, device=inputs.device, dtype=inputs.dtype)[:, None, None]
        return self._kept[key]

    def _draws(self, epoch: int, place: int, inputs: Tensor) -> Tensor:
        """Return two uniform numbers an example for one change of one epoch, where the pictures are."""
        key = ("draws", epoch, place, inputs.device, inputs.dtype)
        if key not in self._kept:
            for old in [old for old in self._kept if old[0] == "draws" and old[1] != epoch]:
                del self._kept[old]
            table = torch.rand(self.examples, 2, generator=generator(self.seed, "augment", epoch, place))
            self._kept[key] = table.to(inputs.device, inputs.dtype)
        return self._kept[key]


def augmentation(
    changes: tuple[str, ...], *, seed: int, examples: int, black: tuple[float, ...], unit: tuple[float, ...],
    moves: Moves | None = None,
) -> Augmentation | None:  # fmt: skip
    """Read changes as `shift=2` or `flip`.

    Raises:
        LayerwiseError: A change is unknown, or its strength is not a number of its range.

    Example:
        >>> augmentation(("shift=1", "flip"), seed=0, examples=4, black=(0.0,), unit=(1.0,)).changes
        (('shift', 1.0), ('flip', 0.5))
    """
    read = []
    for change in changes:
        name, _, strength = change.partition("=")
        if name not in CHANGES:
            rule = say("An augmentation is named as in the documentation.")
            raise LayerwiseError(rule, say("unknown augmentation '{}'", name), nearest(name, CHANGES), usage=True)
        read.append((name, _strength(name, strength)))
    return Augmentation(tuple(read), seed, examples, black, unit, moves) if read else None


def _strength(name: str, text: str) -> float:
    """Read the strength of a change, or take its usual one.

    Raises:
        LayerwiseError: It is not a number of its range.
    """
    if not text:
        return CHANGES[name]
    allowed, least, most = RANGES[name]
    try:
        strength = float(text)
    except ValueError:
        strength = math.nan
    if not least <= strength <= most or (allowed == "1, 2, 3 ..." and strength % 1):
        rule = say("The strength of an augmentation is a number of its range: {} takes {}.", name, allowed)
        raise LayerwiseError(rule, f"'{name}={text}'", f"--augment {name}={CHANGES[name]:g}", usage=True)
    return strength


def _shift(pictures: Tensor, draws: Tensor, strength: float, unit: Tensor) -> Tensor:
    """Move each picture by whole pixels, up to `strength` in both directions."""
    reach = int(strength)
    height, width = pictures.shape[2:]
    padded = functional.pad(pictures, (reach, reach, reach, reach))
    starts = _starts(draws, strength)
    rows = starts[:, :1] + torch.arange(height, device=pictures.device)
    columns = starts[:, 1:] + torch.arange(width, device=pictures.device)
    each = torch.arange(len(pictures), device=pictures.device)
    # Advanced indices around the channel axis put it last.
    return padded[each[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _starts(draws: Tensor, strength: float) -> Tensor:
    """Return where each moved picture begins in a frame with a border of `strength` pixels: row and column."""
    return (draws * (2 * int(strength) + 1)).long().clamp_(max=2 * int(strength))


def _flip(pictures: Tensor, draws: Tensor, strength: float, unit: Tensor) -> Tensor:
    """Mirror left and right with probability `strength`."""
    return torch.where((draws[:, 0] < strength)[:, None, None, None], pictures.flip(3), pictures)


def _rotate(pictures: Tensor, draws: Tensor, strength: float, unit: Tensor) -> Tensor:
    """Turn each picture by up to `strength` degrees about its centre, bilinearly."""
    return _resampled(pictures, _rotation(draws, strength, (pictures.shape[2], pictures.shape[3])))


def _zoom(pictures: Tensor, draws: Tensor, strength: float, unit: Tensor) -> Tensor:
    """Enlarge or shrink each picture about its centre by a factor of up to 1 +- `strength`, bilinearly."""
    return _resampled(pictures, _zooming(draws, strength, (pictures.shape[2], pictures.shape[3])))


def _resampled(pictures: Tensor, matrices: Tensor) -> Tensor:
    """Take every pixel from where its matrix says."""
    grid = functional.affine_grid(matrices, list(pictures.shape), align_corners=False)
    return functional.grid_sample(pictures, grid, align_corners=False)


def _matrix(across: tuple[Tensor, Tensor, Tensor], down: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Put matrices together, `(batch, 2, 3)`."""
    return torch.stack([torch.stack(across, 1), torch.stack(down, 1)], dim=1)


def _rotation(draws: Tensor, strength: float, size: tuple[int, int]) -> Tensor:
    """Return where each pixel of a turned picture comes from."""
    angle = (2 * draws[:, 0] - 1) * (strength * math.pi / 180)
    cosine, sine, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    ratio = size[0] / size[1]
    return _matrix((cosine, -sine * ratio, zero), (sine / ratio, cosine, zero))


def _zooming(draws: Tensor, strength: float, size: tuple[int, int]) -> Tensor:
    """Return where each pixel of an enlarged picture comes from."""
    share, zero = 1 / (1 + (2 * draws[:, 0] - 1) * strength), torch.zeros_like(draws[:, 0])
    return _matrix((share, zero, zero), (zero, share, zero))


def _shifting(draws: Tensor, strength: float, size: tuple[int, int]) -> Tensor:
    """Return where each pixel of a moved picture comes from."""
    starts = _starts(draws, strength).to(draws.dtype) - int(strength)
    one, zero = torch.ones_like(draws[:, 0]), torch.zeros_like(draws[:, 0])
    return _matrix((one, zero, 2 * starts[:, 1] / size[1]), (zero, one, 2 * starts[:, 0] / size[0]))


def _flipping(draws: Tensor, strength: float, size: tuple[int, int]) -> Tensor:
    """Return where each pixel of a mirrored picture comes from."""
    one, zero = torch.ones_like(draws[:, 0]), torch.zeros_like(draws[:, 0])
    return _matrix((torch.where(draws[:, 0] < strength, -one, one), zero, zero), (zero, one, zero))


def _after(first: Tensor | None, second: Tensor) -> Tensor:
    """Join two moves: where a pixel comes from through the second, and from there through the first."""
    if first is None:
        return second
    turned = first[:, :, :2] @ second
    return torch.cat([turned[:, :, :2], turned[:, :, 2:] + first[:, :, 2:]], dim=2)


def _brightness(pictures: Tensor, draws: Tensor, strength: float, unit: Tensor) -> Tensor:
    """Add up to `strength` of the full range to every pixel of a picture."""
    return pictures + ((2 * draws[:, 0] - 1) * strength)[:, None, None, None] * unit


def _contrast(pictures: Tensor, draws: Tensor, strength: float, unit: Tensor) -> Tensor:
    """Stretch each picture about its mean by a factor of up to 1 +- `strength`."""
    mean = pictures.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (pictures - mean) * (1 + (2 * draws[:, 0] - 1) * strength)[:, None, None, None]


def _cutout(pictures: Tensor, draws: Tensor, strength: float, unit: Tensor) -> Tensor:
    """Blacken one square of `strength` pixels a side, centred anywhere in the picture."""
    height, width = pictures.shape[2:]
    centre_row, centre_column = (draws[:, :1] * height).floor(), (draws[:, 1:] * width).floor()
    half = strength / 2
    rows = torch.arange(height, device=pictures.device) - centre_row
    columns = torch.arange(width, device=pictures.device) - centre_column
    inside_rows, inside_columns = (rows >= -half) & (rows < half), (columns >= -half) & (columns < half)
    return pictures.masked_fill((inside_rows[:, :, None] & inside_columns[:, None, :])[:, None], 0.0)


_APPLY: dict[str, Callable[[Tensor, Tensor, float, Tensor], Tensor]] = {
    "shift": _shift,
    "crop": _shift,
    "flip": _flip,
    "zoom": _zoom,
    "rotate": _rotate,
    "brightness": _brightness,
    "contrast": _contrast,
    "cutout": _cutout,
}

_MATRIX: dict[str, Callable[[Tensor, float, tuple[int, int]], Tensor]] = {
    "shift": _shifting,
    "crop": _shifting,
    "flip": _flipping,
    "zoom": _zooming,
    "rotate": _rotation,
}
"""Changes that move what is in a picture."""
