"""A player that does not look at the screen: what every other one must beat. Lecture 003, "Automatic Game Playing"."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.models.inputs import InputShape
from layerwise.tasks.contract import Batch, Examples, LossResult

__all__ = ["RandomPlayer", "random_player"]


@register(
    "random-player",
    task="play",
    source="Mnih et al., Human-level control through deep reinforcement learning, Nature 2015 (random play)",
    lecture="003 Automatic Game Playing",
    small={"inputs": (1, 10, 5), "outputs": 3},
)
def random_player(inputs: InputShape, outputs: int) -> nn.Module:
    """Every move by chance: one ball in five is caught, a mean return of about -0.6.

    Args:
        inputs: Not looked at.
        outputs: Number of actions.

    Source: Mnih et al. 2015, extended data table 2.

    Example:
        >>> random_player((1, 10, 5), 3).act(torch.zeros(2, 1, 10, 5)).shape
        torch.Size([2])
    """
    return RandomPlayer(outputs)


class RandomPlayer(nn.Module):
    """Draws every action evenly; the same screens are answered alike.

    Args:
        actions: Number of actions.
    """

    by_chance = True
    """What it does with one screen depends on which others stand beside it."""

    def __init__(self, actions: int) -> None:
        super().__init__()
        self.actions = actions

    def fit(self, examples: Examples) -> None:
        """Learn nothing."""

    def forward(self, screens: Float[Tensor, "boards ..."]) -> Float[Tensor, "boards actions"]:
        """Return the same value for every action."""
        return screens.new_zeros(len(screens), self.actions)

    def scores(self, output: Tensor) -> Tensor:
        """Return the values as they are."""
        return output

    def act(self, screens: Float[Tensor, "boards ..."]) -> Int[Tensor, " boards"]:
        """Draw an action for each screen; the draws follow from how many screens and which ones there are."""
        seed = int(screens.flatten(1).argmax(1).sum()) * 1_000_003 + len(screens)
        draws = torch.Generator().manual_seed(seed)
        return torch.randint(self.actions, (len(screens),), generator=draws).to(screens.device)

    def remember(self, screens: Tensor, rows: Tensor, state: object, draws: torch.Generator) -> tuple[Batch, object]:
        """Remember nothing."""
        return Batch(screens, torch.zeros(len(screens), 2, device=screens.device), rows), state

    def loss(self, batch: Batch, state: object) -> LossResult:
        """Nothing can be lost where nothing is learned."""
        output = self(batch.inputs)
        return LossResult(output.sum(), batch.count(), output, {}, state)
