"""Deep Q-learning: a network says what every action is worth, and learns it from remembered moves.

Mnih et al. 2015 (Human-level control through deep reinforcement learning); lecture 003, "Automatic Game Playing".
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from layerwise.catalog import register
from layerwise.models.inputs import InputShape, feature_count, require
from layerwise.tasks.catch_rules import moved
from layerwise.tasks.contract import Batch, LossResult

__all__ = ["DeepQNetwork", "dqn", "dqn_atari"]


@register(
    "dqn",
    task="play",
    source="Mnih et al., Human-level control through deep reinforcement learning, Nature 2015",
    lecture="003 Automatic Game Playing",
    small={"inputs": (1, 10, 5), "outputs": 3, "hidden_units": 8},
    train={"epochs": 40, "batch_size": 16, "learning_rate": 2e-3, "stopping": "none", "scale": "none"},
)
def dqn(
    inputs: InputShape, outputs: int, *, hidden_units: int = 64, discount: float = 0.99, memory: int = 20_000,
    minibatch: int = 128, copy_every: int = 50, exploration: float = 0.05, exploration_updates: int = 500,
) -> nn.Module:  # fmt: skip
    """One hidden layer between the screen and the value of each action: 50-64-3 for Catch.

    Q(s, .) = W relu(V s + a) + b, learned towards r + discount max_b Q'(s', b), Q' an older copy of the network

    Args:
        inputs: Rows and columns of the screen, or its numbers.
        outputs: Number of actions.
        hidden_units: Units of the hidden layer.
        discount: Worth of a reward one move later, 0 to 1.
        memory: Moves that are remembered; the oldest are forgotten.
        minibatch: Moves that one update learns from, drawn from memory.
        copy_every: Updates between two copies of the network for its targets.
        exploration: Share of random moves after exploration has fallen to its end.
        exploration_updates: Updates over which the share of random moves falls from 1.

    Raises:
        LayerwiseError: An option is outside its range.

    Source: lecture 003, "Automatic Game Playing"; Mnih et al. 2015, Methods and algorithm 1.

    Example:
        >>> sum(parameter.numel() for parameter in dqn((1, 10, 5), 3).parameters())
        3459
    """
    require(hidden_units >= 1, "hidden_units", hidden_units, "1, 2, 3 ...")
    require(0 <= discount <= 1, "discount", discount, "0 ... 1")
    require(memory >= 1, "memory", memory, "1, 2, 3 ...")
    require(minibatch >= 1, "minibatch", minibatch, "1, 2, 3 ...")
    require(copy_every >= 1, "copy_every", copy_every, "1, 2, 3 ...")
    require(0 <= exploration <= 1, "exploration", exploration, "0 ... 1")
    require(exploration_updates >= 1, "exploration_updates", exploration_updates, "1, 2, 3 ...")
    values = nn.Sequential(
        nn.Flatten(), nn.Linear(feature_count(inputs), hidden_units), nn.ReLU(), nn.Linear(hidden_units, outputs)
    )
    return DeepQNetwork(
        values, discount=discount, memory=memory, minibatch=minibatch, copy_every=copy_every, exploration=exploration,
        exploration_updates=exploration_updates,
    )  # fmt: skip


def dqn_atari(actions: int) -> nn.Module:
    """Return the network of the paper for four grey screens of 84 x 84: three convolutions and 512 units.

    It has 1,684,128 + 513 A parameters for A actions.

    Args:
        actions: Number of actions.

    Source: Mnih et al. 2015, Methods, "Model architecture".

    Example:
        >>> sum(parameter.numel() for parameter in dqn_atari(4).parameters())
        1686180
    """
    return nn.Sequential(
        nn.Conv2d(4, 32, 8, stride=4), nn.ReLU(), nn.Conv2d(32, 64, 4, stride=2), nn.ReLU(), nn.Conv2d(64, 64, 3),
        nn.ReLU(), nn.Flatten(), nn.Linear(64 * 7 * 7, 512), nn.ReLU(), nn.Linear(512, actions),
    )  # fmt: skip


class DeepQNetwork(nn.Module):
    """The value of every action, and what is remembered of the moves that were made.

    Args:
        values: Network from screens to values.
        discount: Worth of a reward one move later.
        memory: Moves that are remembered.
        minibatch: Moves that one update learns from.
        copy_every: Updates between two copies for the targets.
        exploration: Share of random moves at the end.
        exploration_updates: Updates until then.
    """

    def __init__(
        self, values: nn.Module, *, discount: float, memory: int, minibatch: int, copy_every: int, exploration: float,
        exploration_updates: int,
    ) -> None:  # fmt: skip
        super().__init__()
        self.values = values
        self.discount, self.memory, self.minibatch, self.copy_every = discount, memory, minibatch, copy_every
        self.exploration, self.exploration_updates = exploration, exploration_updates

    def forward(self, screens: Float[Tensor, "boards 1 rows columns"]) -> Float[Tensor, "boards actions"]:
        """Return the value of every action on each screen."""
        values: Tensor = self.values(screens)
        return values

    def hidden(self, screens: Float[Tensor, "boards 1 rows columns"]) -> Float[Tensor, "boards units"]:
        """Return what the last layer reads."""
        below: Tensor = nn.Sequential(*list(self.values.children())[:-1])(screens)
        return below

    def scores(self, output: Tensor) -> Tensor:
        """Return the values as they are: they are no probabilities."""
        return output

    def act(self, screens: Float[Tensor, "boards 1 rows columns"]) -> Int[Tensor, " boards"]:
        """Return the action of the highest value."""
        values: Tensor = self(screens)
        return values.argmax(1)

    def share_tried_out(self, updates: int) -> float:
        """Return the share of random moves after some updates: from 1 straight down to its end.

        e = max(e_end, 1 - (1 - e_end) u / U)
        """
        # e = max(e_end, 1 - (1 - e_end) u / U)
        return max(self.exploration, 1 - (1 - self.exploration) * updates / self.exploration_updates)

    def remember(self, screens: Tensor, rows: Tensor, state: Any, draws: Generator) -> tuple[Batch, Any]:
        """Play an episode from each screen, remember its moves, and draw the moves that are learned from."""
        kept: dict[str, Any] = self.nothing_yet(screens) if state is None else state
        played = torch.zeros(len(screens), device=screens.device)
        for _ in range(screens.shape[2] - 1):
            actions = self.act(screens)
            tried = torch.rand(len(screens), generator=draws) < self.share_tried_out(kept["updates"])
            random = torch.randint(self.values_count(), (len(screens),), generator=draws)
            actions = torch.where(tried.to(screens.device), random.to(screens.device), actions)
            after, rewards, over = moved(screens, actions)
            self.keep(kept, screens, actions, rewards, after, over, rows)
            screens, played = after, played + rewards
        if kept["updates"] % self.copy_every == 0:
            kept["copy"] = {name: value.detach().clone() for name, value in self.state_dict().items()}
        kept["updates"] += 1
        kept["returns"] = played.mean() if len(played) else played.sum()
        chosen = torch.randint(kept["filled"], (self.minibatch,), generator=draws).to(screens.device)
        return self.asked(kept, chosen), kept

    def values_count(self) -> int:
        """Return the number of actions."""
        return int([part for part in self.values.modules() if isinstance(part, nn.Linear)][-1].out_features)

    def nothing_yet(self, screens: Tensor) -> dict[str, Any]:
        """Return an empty memory."""
        shape = (self.memory, *screens.shape[1:])
        return {
            "screens": torch.zeros(shape, dtype=torch.uint8, device=screens.device),
            "after": torch.zeros(shape, dtype=torch.uint8, device=screens.device),
            "actions": torch.zeros(self.memory, dtype=torch.int64, device=screens.device),
            "rewards": torch.zeros(self.memory, device=screens.device),
            "over": torch.zeros(self.memory, dtype=torch.bool, device=screens.device),
            "rows": torch.zeros(self.memory, dtype=torch.int64, device=screens.device),
            "place": 0, "filled": 0, "updates": 0,
        }  # fmt: skip

    def keep(
        self, kept: dict[str, Any], screens: Tensor, actions: Tensor, rewards: Tensor, after: Tensor, over: Tensor,
        rows: Tensor,
    ) -> None:  # fmt: skip
        """Write one move of every board over the oldest ones."""
        places = (torch.arange(len(screens), device=screens.device) + kept["place"]) % self.memory
        kept["screens"][places] = screens.to(torch.uint8)
        kept["after"][places] = after.to(torch.uint8)
        for name, values in (("actions", actions), ("rewards", rewards), ("over", over), ("rows", rows)):
            kept[name][places] = values
        kept["place"] = (kept["place"] + len(screens)) % self.memory
        kept["filled"] = min(kept["filled"] + len(screens), self.memory)

    def asked(self, kept: dict[str, Any], chosen: Tensor) -> Batch:
        """Return some remembered moves with what their values should be."""
        following = functional_call(self, kept["copy"], (kept["after"][chosen].float(),))
        # y = r + discount max_b Q'(s', b);  y = r where the episode is over
        targets = kept["rewards"][chosen] + self.discount * following.max(1).values * ~kept["over"][chosen]
        actions = kept["actions"][chosen]
        return Batch(
            kept["screens"][chosen].float(), torch.stack([actions.to(targets.dtype), targets], 1), kept["rows"][chosen]
        )

    def loss(self, batch: Batch, state: Any) -> LossResult:
        """Return the summed clipped error of the chosen actions' values."""
        output = self(batch.inputs)
        chosen = output.gather(1, batch.targets[:, :1].long())[:, 0]
        # E = sum_i h(Q(s_i, a_i) - y_i),  h(d) = d^2 / 2 for |d| <= 1, |d| - 1/2 beyond
        errors = functional.huber_loss(chosen, batch.targets[:, 1], reduction="none")
        total = errors.sum() if batch.weights is None else (errors * batch.weights).sum()
        parts = {} if state is None else {"return": state["returns"] * batch.count()}
        return LossResult(total, batch.count(), output, parts, state)
