"""Pictures as the numbers a network takes: one size, one range, standardised; and where each of them then lies."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from layerwise.config import Preprocess
from layerwise.data.kinds import Column, Images
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["ImageStep", "Placed", "fit_images", "other_kind"]


@dataclass(frozen=True)
class Placed:
    """Where a picture lies among the pixels that the network sees.

    Args:
        width: Pixels across of the picture itself.
        height: Pixels down.
        left: Column of the network's pixels where it begins.
        top: Row of the network's pixels where it begins.
        across: Columns of the network's pixels that it fills.
        down: Rows that it fills.
    """

    width: int
    height: int
    left: int
    top: int
    across: int
    down: int

    @property
    def scaled(self) -> bool:
        """Whether the network sees the picture in another size than its own."""
        return (self.across, self.down) != (self.width, self.height)


@dataclass(frozen=True)
class ImageStep:
    """One image field: every picture to one size, then x' = (x / maximum - mean) / deviation for each channel.

    Args:
        field: Name of the field.
        channels: 1 for grey, 3 for colour.
        height: Pixels down that the network sees.
        width: Pixels across.
        fit: `resize` scales every picture to that size; `pad` lays it into the middle of a black frame.
        maximum: The value of full white in training.
        mean: Mean of each channel in training.
        deviation: Standard deviation of each channel.
        picture: Height and width of the pictures of training; zeros where they differ.
        guessed: The largest value, where `maximum` was guessed from it; None where white is known.

    Example:
        >>> step = ImageStep("image", 1, 32, 32, "pad", 255.0, (0.0,), (1.0,), picture=(28, 28))
        >>> step.placed(28, 28), step.placed(300, 200)
        (Placed(width=28, height=28, left=2, top=2, across=28, down=28), Placed(width=300, height=200, left=2, top=2, across=28, down=28))
    """  # noqa: E501

    field: str
    channels: int
    height: int
    width: int
    fit: str
    maximum: float
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    kind: str = "image"
    picture: tuple[int, int] = (0, 0)
    guessed: float | None = None

    def names(self) -> list[str]:
        """Return the one name of the field."""
        return [self.field]

    def apply(self, column: Column) -> np.ndarray:
        """Return `(rows, channels, height, width)`."""
        if not isinstance(column, Images):
            raise other_kind(self.field, "image", column.kind)
        pixels = self.sized(column)
        mean = np.array(self.mean, dtype=np.float32)[:, None, None]
        deviation = np.array(self.deviation, dtype=np.float32)[:, None, None]
        # In place, since a large picture set should be held once.
        pixels /= np.float32(self.white(column))
        pixels -= mean
        pixels /= deviation
        return pixels

    def white(self, column: Images) -> float:
        """Return the value that becomes 1 before the pictures are standardised: what is white among them."""
        guesses = self.guessed is not None and column.guessed is not None
        # Beyond 255 a guess is no more than the largest value, which differs from some pictures to others of one range.
        return self.maximum if guesses and min(self.maximum, column.maximum) > 255 else column.maximum

    def placed(self, width: int, height: int) -> Placed:
        """Return where a picture of some size lies among the pixels that the network sees."""
        across, down = self.width, self.height
        if self.fit == "pad" and all(self.picture):
            down, across = self.picture
        elif self.fit == "pad":
            # Training framed pictures of any size: only what the frame cannot hold is made smaller, in its own shape.
            shrunk = min(self.width / width, self.height / height, 1.0)
            across, down = max(round(width * shrunk), 1), max(round(height * shrunk), 1)
        return Placed(width, height, (self.width - across) // 2, (self.height - down) // 2, across, down)

    def is_of_another_size(self, width: int, height: int) -> bool:
        """Say whether a picture must be scaled as no picture of training was."""
        if all(self.picture):
            return (height, width) != self.picture
        return self.fit == "pad" and self.placed(width, height).scaled

    def sized(self, column: Images) -> np.ndarray:
        """Return float32 pictures of this step's size and channels, in their own range."""
        whole = np.zeros((len(column), self.channels, self.height, self.width), dtype=np.float32)
        if isinstance(column.cells, np.ndarray) and column.channels == self.channels:
            place = self.placed(column.cells.shape[3], column.cells.shape[2])
            if not place.scaled:
                _window(whole, place)[:] = column.cells
                return whole
        for row in range(len(column)):
            pixels = _to_channels(column[row], self.channels)
            place = self.placed(pixels.shape[2], pixels.shape[1])
            _window(whole[row], place)[:] = _scaled(pixels, place) if place.scaled else pixels
        return whole


def _window(frame: np.ndarray, place: Placed) -> np.ndarray:
    """Return the part of the network's pixels that a picture fills."""
    return frame[..., place.top : place.top + place.down, place.left : place.left + place.across]


def _scaled(pixels: np.ndarray, place: Placed) -> np.ndarray:
    """Scale each channel of a picture; what is made smaller is averaged, not picked out."""
    from PIL import Image

    shape = (place.across, place.down)
    planes = [
        np.asarray(Image.fromarray(plane.astype(np.float32)).resize(shape, Image.Resampling.BILINEAR))
        for plane in pixels
    ]
    return np.stack(planes)


def fit_images(
    name: str, column: Images, whole: Column, settings: Preprocess, image: tuple[int, int, int] | None
) -> ImageStep:
    """Fit one image field: one size for all, and the mean and deviation of each channel."""
    channels = column.channels
    largest = (int(column.sizes[:, 1].max()), int(column.sizes[:, 0].max()))
    if settings.image_size:
        if len(settings.image_size) != 2 or min(settings.image_size) < 1:
            raise LayerwiseError(
                say("A picture size is a height and a width."), f"image_size = {settings.image_size}",
                "--image-size 32 32", usage=True,
            )  # fmt: skip
        height, width = settings.image_size
    else:
        height, width = image[1:] if image else largest
    smallest = (int(column.sizes[:, 1].min()), int(column.sizes[:, 0].min()))
    how = settings.fit
    if how == "auto":
        nearly = smallest == largest and 0 <= height - largest[0] <= 8 and 0 <= width - largest[1] <= 8
        how = "pad" if nearly else "resize"
    everything = whole.sizes if isinstance(whole, Images) else column.sizes
    if how == "pad" and (everything[:, 1].max() > height or everything[:, 0].max() > width):
        raise LayerwiseError(
            say("Padding needs pictures that are not larger than the frame."),
            say("a picture of {}x{} in a frame of {}x{}", *everything.max(axis=0), width, height),
            say("Use --fit resize, or a larger --image-size."), usage=True,
        )  # fmt: skip
    first = (int(everything[0, 1]), int(everything[0, 0]))
    picture = first if (everything == everything[0]).all() else (0, 0)
    step = ImageStep(
        name, channels, height, width, how, column.maximum, (0.0,) * channels, (1.0,) * channels,
        picture=picture, guessed=column.guessed,
    )  # fmt: skip
    if settings.scale == "none":
        return step
    pixels = step.sized(column)
    pixels /= np.float32(column.maximum)
    low = pixels.min(axis=(0, 2, 3))
    spread = pixels.max(axis=(0, 2, 3)) - low
    constant = spread == 0
    if settings.scale != "min-max":
        low, spread = pixels.mean(axis=(0, 2, 3), dtype=np.float64), pixels.std(axis=(0, 2, 3), dtype=np.float64)
    mean = tuple(float(value) for value in low)
    deviation = tuple(1.0 if still else float(value) for value, still in zip(spread, constant, strict=True))
    return replace(step, mean=mean, deviation=deviation)


def _to_channels(pixels: np.ndarray, channels: int) -> np.ndarray:
    """Bring a picture to 1 or 3 channels: grey is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), as in Pillow."""
    if len(pixels) == channels:
        return pixels
    if channels == 1 and len(pixels) == 3:
        weights = np.array([0.299, 0.587, 0.114], dtype=np.float32)
        return np.tensordot(weights, pixels.astype(np.float32), axes=1)[None]
    return np.repeat(pixels[:1], channels, axis=0)


def other_kind(name: str, wanted: str, found: str) -> LayerwiseError:
    """Say that a field of new data is not of the kind the network was trained on."""
    return LayerwiseError(
        say("A field of new data is of the kind it had in training."),
        say("'{}' was {} and is now {}", name, say(wanted), say(found)),
        say("Mend the column, or force its kind when the file is read."),
    )
