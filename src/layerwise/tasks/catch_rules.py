"""The rules of Catch on many boards at once, where the network is."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

__all__ = ["ACTIONS", "moved"]

ACTIONS = ("left", "stay", "right")
"""What the paddle can do."""


def moved(
    screens: Float[Tensor, "boards 1 rows columns"], actions: Int[Tensor, " boards"]
) -> tuple[Float[Tensor, "boards 1 rows columns"], Float[Tensor, " boards"], Bool[Tensor, " boards"]]:
    """Make one move on every board: the paddle steps, stopping at the walls, and the ball falls one row.

    Args:
        screens: Boards on which the ball has not reached the last row.
        actions: Place in `ACTIONS` of each move.

    Returns:
        The next screens; the reward, 1 where the ball falls on the paddle, -1 where it misses it, else 0; whether the
        episode is over.

    Example:
        >>> screen = torch.zeros(1, 1, 3, 3)
        >>> screen[0, 0, 1, 0] = screen[0, 0, 2, 1] = 1
        >>> after, reward, over = moved(screen, torch.tensor([0]))
        >>> reward.tolist(), over.tolist(), after[0, 0, 2].tolist()
        ([1.0], [True], [1.0, 0.0, 0.0])
    """
    boards, _, rows, columns = screens.shape
    place = screens[:, 0, :-1].flatten(1).argmax(1)
    ball_row, ball = place // columns + 1, place % columns
    paddle = (screens[:, 0, -1].argmax(1) + actions - 1).clamp(0, columns - 1)
    after, each = torch.zeros_like(screens), torch.arange(boards, device=screens.device)
    after[each, 0, ball_row, ball] = 1
    after[each, 0, -1, paddle] = 1
    over = ball_row == rows - 1
    caught = torch.where(ball == paddle, 1.0, -1.0)
    return after, torch.where(over, caught, 0.0), over
