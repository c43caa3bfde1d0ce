"""A detector that looks at colour alone: every patch of a colour that objects have is called an object.

The simplest thing that could work, measured beside every detector; lecture 001, sliding-window detection.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.layers.boxes import encode
from layerwise.models.inputs import InputShape, require
from layerwise.tasks.contract import Examples
from layerwise.tasks.ragged import Ragged

__all__ = ["ColourThreshold", "colour_threshold"]

STRIDE = 8
LEAST_PIXELS = 16
"""A smaller patch is noise."""

NEVER = -20.0
"""How sure a cell without a patch is, as a logit."""

AHEAD = 4.0
"""How far the chosen class is ahead of the others, as a logit: fullness tells classes apart badly."""


@register(
    "colour-threshold",
    task="detect",
    source="Swain and Ballard, Color Indexing, 1991 (ratio of histograms)",
    lecture="001 Object Detection",
    small={"inputs": (3, 32, 32), "outputs": 3},
)
def colour_threshold(inputs: InputShape, outputs: int, *, levels: int = 8) -> nn.Module:
    """Every connected patch of a colour that is more frequent within boxes than outside them.

    A colour c belongs to objects where share(c within boxes) > share(c elsewhere). A patch is sure in proportion to its
    pixels, and of the class whose training boxes are as full of such colours as its own.

    Args:
        inputs: Channels, height and width of the pictures.
        outputs: Number of classes.
        levels: Levels of each channel that are told apart, 2 or more.

    Raises:
        LayerwiseError: The input is not a picture, or there are fewer than two levels.

    Source: Swain and Ballard 1991, section 4 (histogram back-projection), as a threshold.

    Example:
        >>> pictures, boxes = torch.zeros(2, 1, 16, 16), torch.tensor([[0., 4, 4, 12, 12]])
        >>> pictures[0, 0, 4:12, 4:12] = 1
        >>> network = colour_threshold((1, 16, 16), 2)
        >>> network.fit(Examples(pictures, Ragged.of([boxes, boxes[:0]], -1), ("a", "b")))
        >>> network(pictures)[:, 0].sigmoid().flatten(1).max(1).values.round(decimals=2).tolist()
        [0.5, 0.0]
    """
    if isinstance(inputs, int) or len(inputs) != 3:
        found = say("{} numbers", inputs) if isinstance(inputs, int) else "x".join(map(str, inputs))
        raise LayerwiseError(
            say("A colour detector takes pictures."), found, say("Give pictures with boxes."), usage=True
        )
    require(levels >= 2, "levels", levels, "2, 3, 4 ...")
    return ColourThreshold(inputs, outputs, levels)


class ColourThreshold(nn.Module):
    """Which colours objects have, and how full their boxes are.

    Args:
        inputs: Channels, height and width of the pictures.
        classes: Number of classes.
        levels: Levels of each channel.
    """

    low: Tensor
    high: Tensor
    wanted: Tensor
    fullness: Tensor
    anchor: Tensor

    def __init__(self, inputs: tuple[int, ...], classes: int, levels: int) -> None:
        super().__init__()
        self.classes, self.levels = classes, levels
        channels = inputs[0]
        self.register_buffer("low", torch.zeros(channels, 1, 1))
        self.register_buffer("high", torch.ones(channels, 1, 1))
        self.register_buffer("wanted", torch.zeros(levels**channels, dtype=torch.bool))
        self.register_buffer("fullness", torch.zeros(classes))
        self.register_buffer("anchor", torch.ones(()))

    def fit(self, examples: Examples) -> None:
        """Count the colours within and outside boxes, and how much of a box has the colour of an object."""
        pictures, boxes = examples.inputs, examples.targets[:]
        if isinstance(pictures, Ragged):
            message = "pictures of different sizes have no tensor of one shape"
            raise TypeError(message)
        self.low = pictures.amin((0, 2, 3))[:, None, None]
        self.high = pictures.amax((0, 2, 3))[:, None, None]
        within = torch.zeros(len(pictures), *pictures.shape[2:], dtype=torch.bool)
        places = (boxes[:, :, 0] >= 0).nonzero().tolist()
        for picture, place in places:
            left, top, right, bottom = boxes[picture, place, 1:].round().long().tolist()
            within[picture, top:bottom, left:right] = True
        colours = self.colours(pictures)
        counts = [torch.bincount(colours[mask], minlength=len(self.wanted)).double() for mask in (within, ~within)]
        # share(c within boxes) > share(c elsewhere)
        shares = [count / count.sum().clamp_min(1) for count in counts]
        self.wanted = shares[0] > shares[1]
        found = self.wanted[colours]
        full, number = torch.zeros(self.classes), torch.zeros(self.classes)
        sides = []
        for picture, place in places:
            kind = int(boxes[picture, place, 0])
            left, top, right, bottom = boxes[picture, place, 1:].round().long().tolist()
            full[kind] += found[picture, top:bottom, left:right].float().mean()
            number[kind] += 1
            sides += [right - left, bottom - top]
        self.fullness = full / number.clamp_min(1)
        self.anchor = torch.tensor(sides).double().log().mean().exp().float()

    def colours(self, pictures: Float[Tensor, "batch channels height width"]) -> Tensor:
        """Return the place of each pixel's colour in the table."""
        levels = ((pictures - self.low) / (self.high - self.low).clamp_min(1e-9) * self.levels).long()
        levels = levels.clamp(0, self.levels - 1)
        place = torch.zeros_like(levels[:, 0])
        for channel in range(levels.shape[1]):
            place = place * self.levels + levels[:, channel]
        return place

    def forward(
        self, inputs: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch answers rows columns"]:
        """Return the map of a grid detector, with each patch written into the cell of its centre."""
        from scipy import ndimage

        height, width = inputs.shape[2:]
        grid = (-(-height // STRIDE), -(-width // STRIDE))
        maps = inputs.new_zeros((len(inputs), 5 + self.classes, *grid))
        maps[:, 0] = NEVER
        if inputs.is_meta:
            # The layer table asks for shapes alone.
            return maps
        masks = self.wanted[self.colours(inputs)].cpu().numpy()
        for picture, mask in enumerate(masks):
            labels, _ = ndimage.label(mask)
            for number, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
                pixels = int((labels[rows, columns] == number).sum())
                if pixels >= LEAST_PIXELS:
                    box = inputs.new_tensor([[columns.start, rows.start, columns.stop, rows.stop]])
                    self._write(maps[picture], box, pixels, grid, (height, width))
        return maps

    def _write(self, answers: Tensor, box: Tensor, pixels: int, grid: tuple[int, int], size: tuple[int, int]) -> None:
        """Write a patch into its cell, unless a larger one is there."""
        middle = (box[0, :2] + box[0, 2:]).flip(0) / 2
        cell = (middle / box.new_tensor([size[0] / grid[0], size[1] / grid[1]])).long()
        sureness = torch.tensor(pixels / (size[0] * size[1])).clamp(1e-6, 1 - 1e-6).sqrt().logit()
        row, column = cell.tolist()
        if sureness <= answers[0, row, column]:
            return
        code = encode(box, cell[None], grid=grid, size=size, anchor=float(self.anchor))
        full = pixels / float((box[0, 2:] - box[0, :2]).prod())
        answers[0, row, column] = sureness
        answers[1:5, row, column] = code[0]
        answers[5:, row, column] = 0.0
        answers[5 + int((self.fullness - full).abs().argmin()), row, column] = AHEAD
