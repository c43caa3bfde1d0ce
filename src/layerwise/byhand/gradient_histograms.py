"""Histograms of oriented gradients: a picture described by the directions of its edges, pixel by pixel.

Source: Dalal and Triggs 2005, "Histograms of oriented gradients for human detection"; lecture 003, "traditional model".
"""

import numpy as np
from jaxtyping import Float, Int

__all__ = ["cell_histogram", "cell_histograms", "describe", "directions", "gradients", "normalised"]

TINY = 1e-5
"""Added to the length of a block, so that an even one stays 0."""


def gradients(
    picture: Float[np.ndarray, "channels height width"],
) -> tuple[Float[np.ndarray, "height width"], Float[np.ndarray, "height width"]]:
    """Return how steep a picture is at every pixel, across and down; of several channels the steepest one counts.

    g_x = I(x + 1) - I(x - 1), g_y = I(y + 1) - I(y - 1); 0 at the border

    Args:
        picture: I, in any range.

    Source: Dalal and Triggs 2005, section 6.2.

    Example:
        >>> across, down = gradients(np.array([[[0.0, 0.0, 3.0], [0.0, 0.0, 3.0], [0.0, 4.0, 3.0]]]))
        >>> float(across[1, 1]), float(down[1, 1])
        (3.0, 4.0)
    """
    across, down = np.zeros_like(picture), np.zeros_like(picture)
    # g_x = I(x + 1) - I(x - 1)
    across[:, :, 1:-1] = picture[:, :, 2:] - picture[:, :, :-2]
    # g_y = I(y + 1) - I(y - 1)
    down[:, 1:-1] = picture[:, 2:] - picture[:, :-2]
    steepest = np.hypot(across, down).argmax(axis=0)[None]
    return np.take_along_axis(across, steepest, 0)[0], np.take_along_axis(down, steepest, 0)[0]


def directions(
    across: Float[np.ndarray, "height width"], down: Float[np.ndarray, "height width"], bins: int
) -> Int[np.ndarray, "height width"]:
    """Return the bin of the direction of every pixel; a direction and its opposite are one.

    bin = floor(bins theta / pi), theta = atan2(g_y, g_x) mod pi

    Args:
        across: g_x.
        down: g_y.
        bins: Directions that are told apart, over half a turn.

    Source: Dalal and Triggs 2005, section 6.3.

    Example:
        >>> directions(np.array([[1.0, 0.0, -1.0]]), np.array([[0.0, 1.0, 0.0]]), 9).tolist()
        [[0, 4, 0]]
    """
    # theta = atan2(g_y, g_x) mod pi
    theta = np.arctan2(down, across) % np.pi
    # bin = floor(bins theta / pi); a rounding error just below half a turn is direction 0 again
    return np.asarray((theta * (bins / np.pi)).astype(np.int64) % bins)


def cell_histogram(
    length: Float[np.ndarray, "rows columns"], place: Int[np.ndarray, "rows columns"], bins: int
) -> Float[np.ndarray, " bins"]:
    """Return the votes of the pixels of one cell: each votes with the length of its gradient for its direction.

    h_b = 1 / n sum_p m_p [bin_p = b]

    Args:
        length: m of each pixel.
        place: Bin of each pixel.
        bins: Directions that are told apart.

    Source: Dalal and Triggs 2005, section 6.3; without votes for neighbouring bins and cells.

    Example:
        >>> cell_histogram(np.array([[5.0, 1.0]]), np.array([[0, 2]]), 3).tolist()
        [2.5, 0.0, 0.5]
    """
    # h_b = 1 / n sum_p m_p [bin_p = b]
    return np.array([length[place == name].sum() for name in range(bins)]) / length.size


def cell_histograms(
    picture: Float[np.ndarray, "channels height width"], cell: int, bins: int
) -> Float[np.ndarray, "rows columns bins"]:
    """Return the votes of every cell of a picture; what is left at the right and lower border is not looked at.

    m = sqrt(g_x^2 + g_y^2)

    Args:
        picture: In any range.
        cell: Side of a cell in pixels.
        bins: Directions that are told apart.

    Source: Dalal and Triggs 2005, section 6.3.

    Example:
        >>> upright = np.zeros((1, 4, 4))
        >>> upright[..., 2:] = 1.0
        >>> cell_histograms(upright, 4, 2)[0, 0].tolist()
        [0.5, 0.0]
    """
    across, down = gradients(picture)
    # m = sqrt(g_x^2 + g_y^2)
    length, place = np.hypot(across, down), directions(across, down, bins)
    rows, columns = length.shape[0] // cell, length.shape[1] // cell
    votes = np.zeros((rows, columns, bins))
    for row in range(rows):
        for column in range(columns):
            window = slice(row * cell, (row + 1) * cell), slice(column * cell, (column + 1) * cell)
            votes[row, column] = cell_histogram(length[window], place[window], bins)
    return votes


def normalised(votes: Float[np.ndarray, " votes"], clip: float = 0.2) -> Float[np.ndarray, " votes"]:
    """Return the votes of a block at length 1, none above `clip` before it is brought to length 1 again.

    v / sqrt(|v|^2 + tiny^2)

    Args:
        votes: v, of all cells of the block.
        clip: Largest vote, > 0.

    Source: Dalal and Triggs 2005, section 6.4 (L2-Hys).

    Example:
        >>> normalised(np.array([3.0, 4.0]), clip=1.0).round(6).tolist()
        [0.6, 0.8]
    """
    # v / sqrt(|v|^2 + tiny^2)
    once = np.minimum(votes / np.sqrt(votes @ votes + TINY**2), clip)
    return np.asarray(once / np.sqrt(once @ once + TINY**2))


def describe(
    picture: Float[np.ndarray, "channels height width"], *, cell: int = 8, block: int = 2, bins: int = 9
) -> Float[np.ndarray, " features"]:
    """Return the numbers that describe a picture: block after block, each a square of cells that overlaps the next.

    (rows - block + 1) (columns - block + 1) block^2 bins numbers

    Args:
        picture: In any range.
        cell: Side of a cell in pixels.
        block: Side of a block in cells.
        bins: Directions that are told apart.

    Source: Dalal and Triggs 2005, section 4.

    Example:
        >>> describe(np.zeros((1, 128, 64))).shape
        (3780,)
    """
    votes = cell_histograms(picture, cell, bins)
    rows, columns = votes.shape[0] - block + 1, votes.shape[1] - block + 1
    blocks = [
        normalised(votes[row : row + block, column : column + block].ravel())
        for row in range(rows)
        for column in range(columns)
    ]
    return np.concatenate(blocks)
