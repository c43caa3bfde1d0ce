"""Games: the learner makes its own data, by playing (lecture 003, "Automatic Game Playing")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import torch
from torch import Generator, Tensor, nn

from layerwise.catalog import register
from layerwise.config import Evaluate, Train
from layerwise.data.catch import first_screens
from layerwise.data.kinds import Images
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError
from layerwise.evaluation.intervals import Interval, proportion
from layerwise.evaluation.measured import Measured
from layerwise.language import say
from layerwise.randomness import generator as counted
from layerwise.tasks.asking import evaluating
from layerwise.tasks.catch_rules import ACTIONS, moved
from layerwise.tasks.contract import Batch, Examples, LossResult, OwnsLoss
from layerwise.tasks.ragged import Ragged

__all__ = ["LOSSES", "Play", "Player", "returns_of"]

LOSSES = ("own",)
"""A player brings its own loss."""


@runtime_checkable
class Player(Protocol):
    """A network that plays, and learns from what it remembers of its games."""

    def act(self, screens: Tensor) -> Tensor:
        """Return the action it takes on each screen when nothing is tried out, `(boards,)`."""

    def remember(self, screens: Tensor, rows: Tensor, state: Any, draws: Generator) -> tuple[Batch, Any]:
        """Play an episode from each first screen, trying moves out, and draw what is learned from.

        Args:
            screens: First screens, `(boards, 1, rows, columns)`.
            rows: Row of each episode among the examples.
            state: What is remembered of earlier episodes; None at the start.
            draws: Where every random number comes from.
        """


@register("play", target="none", split="order", model="dqn", lecture="003 Automatic Game Playing", small={})
@dataclass(frozen=True)
class Play:
    """Play Catch for the highest return: 1 for a ball that is caught, -1 for one that is missed.

    One example is an episode, by its first screen; an epoch plays every episode once.

    Args:
        error: `own`: the player's own rule.
    """

    error: str = "own"
    name: str = "play"
    lower_is_better: bool = False

    @classmethod
    def of(cls, source: Source, training: np.ndarray, error: str) -> Self:
        """Set the task up.

        Raises:
            LayerwiseError: A loss of another task is asked for, or the data are no first screens.
        """
        if error not in ("auto", *LOSSES):
            raise LayerwiseError(
                say("A loss must suit the task."), say("loss '{}' for a game", error), say("Leave --loss out."),
                usage=True,
            )  # fmt: skip
        screens_of(source)
        return cls()

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild the task from plain values."""
        return cls(values["error"])

    def to_json(self) -> dict[str, Any]:
        """Return the task as plain values."""
        return {"name": self.name, "error": self.error}

    @property
    def main(self) -> str:
        """Mean return of an episode, from -1 to 1."""
        return "mean_return"

    @property
    def classes(self) -> tuple[str, ...]:
        """Nothing is classified."""
        return ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The return of each episode."""
        return ("return",)

    @property
    def baselines(self) -> tuple[str, ...]:
        """Moves that do not look at the screen."""
        return ("random-player",)

    def outputs(self) -> int:
        """Return the number of actions."""
        return len(ACTIONS)

    def examples(self, source: Source, rows: np.ndarray, inputs: Tensor | Ragged, settings: Train) -> Examples:
        """Return first screens as they are drawn; the best return of each episode is 1."""
        ids, screens = source.ids(), screens_of(source)[rows]
        return Examples(
            torch.from_numpy(screens.astype(np.float32)), torch.zeros(len(rows), 0), tuple(ids[row] for row in rows),
            truths=np.ones(len(rows)),
        )  # fmt: skip

    def make(
        self, model: nn.Module, examples: Examples, rows: Tensor, state: Any, *, seed: int, epoch: int
    ) -> tuple[Batch, Any]:
        """Play the episodes of some rows, remember them, and draw the moves that are learned from."""
        if not isinstance(model, Player):
            message = "a network without `remember` should have been refused before learning began"
            raise TypeError(message)
        screens, _, _ = examples.tensors()
        first = int(rows[0]) if len(rows) else 0
        return model.remember(screens[rows], rows, state, counted(seed, "play", epoch, first))

    def loss(self, model: nn.Module, batch: Batch, state: Any) -> LossResult:
        """Return the player's own loss."""
        if not isinstance(model, OwnsLoss):
            message = "a player brings its own loss"
            raise TypeError(message)
        return model.loss(batch, state)

    def shortfall(self, model: nn.Module, examples: Examples) -> float:
        """Return by how much the mean return of greedy play stays below 1: what stopping looks at."""
        return 1.0 - float(self.answer(model, examples).mean())

    def answer(self, model: nn.Module, examples: Examples) -> np.ndarray:
        """Play every episode to its end without trying anything out; return each return, `(episodes, 1)`."""
        screens, _, _ = examples.tensors()
        with evaluating(model) as device:
            found = returns_of(model, screens.to(device))
        return np.asarray(found.double().cpu().numpy())[:, None]

    def labels(self, answers: np.ndarray) -> tuple[str, ...]:
        """Say whether the ball was caught."""
        return tuple("caught" if value > 0 else "missed" for value in answers[:, 0])

    def words(self, truths: np.ndarray) -> tuple[str, ...]:
        """Every ball can be caught."""
        return ("caught",) * len(truths)

    def measure(
        self, truths: np.ndarray, answers: np.ndarray, settings: Evaluate, *, seed: int,
        groups: np.ndarray | None = None,
    ) -> Measured:  # fmt: skip
        """Measure the share of balls caught, p, and the mean return, 2 p - 1."""
        caught = proportion(answers[:, 0] > 0, groups=groups, confidence=settings.confidence)
        return Measured({"mean_return": mean_return(caught), "caught": caught})

    def sample(self, inputs: int | tuple[int, ...], number: int, generator: Generator) -> Examples:
        """Return the first screens of some episodes."""
        seed = int(torch.randint(2**31, (1,), generator=generator))
        screens = torch.from_numpy(first_screens(number, np.random.default_rng(seed)).astype(np.float32))
        return Examples(
            screens, torch.zeros(number, 0), tuple(str(row) for row in range(number)), truths=np.ones(number)
        )


def screens_of(source: Source) -> np.ndarray:
    """Return the first screens of a source.

    Raises:
        LayerwiseError: Its input is no picture of one ball above one paddle.
    """
    names = source.named("input")
    column = source.columns[names[0]] if len(names) == 1 else None
    if isinstance(column, Images) and isinstance(column.cells, np.ndarray) and column.channels == 1:
        screens = column.cells
        paddles, balls = screens[:, 0, -1].sum(axis=1), screens[:, 0, :-1].sum(axis=(1, 2))
        if set(np.unique(screens)) <= {0, 1} and (paddles == 1).all() and (balls == 1).all():
            return screens
    raise LayerwiseError(
        say("A game of Catch begins with one ball above one paddle."), say("'{}' holds something else", source.name),
        say("Use the built-in episodes: layerwise train catch"), usage=True,
    )  # fmt: skip


def returns_of(player: Player | nn.Module, screens: Tensor) -> Tensor:
    """Play an episode from each first screen without trying anything out, and return each return, `(episodes,)`."""
    if not isinstance(player, Player):
        message = "a network without `act` should have been refused before learning began"
        raise TypeError(message)
    total = torch.zeros(len(screens), device=screens.device)
    for _ in range(screens.shape[2] - 1 if len(screens) else 0):
        screens, rewards, _ = moved(screens, player.act(screens))
        total += rewards
    return total


def mean_return(caught: Interval) -> Interval:
    """Return the mean return that belongs to a share p of balls caught, with the ends of its interval.

    R = p - (1 - p) = 2 p - 1
    """
    value, low, high = (None if end is None else 2 * end - 1 for end in (caught.value, caught.low, caught.high))
    return replace(caught, value=value, low=low, high=high)
