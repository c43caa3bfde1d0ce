"""What every action is worth to a player, move by move, on one episode of its game."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from layerwise.byhand.linear import forward
from layerwise.byhand.q_learning import bellman_target
from layerwise.catalog import register
from layerwise.errors import LayerwiseError
from layerwise.explain.arithmetic import Arithmetic, term_sum
from layerwise.explain.drawing import COLOURS, bare, figure, label, styled
from layerwise.explain.explanation import Cell, Explanation, Picture, Recorded, Table
from layerwise.explain.subject import Subject
from layerwise.language import say
from layerwise.models.dqn import DeepQNetwork
from layerwise.tasks.catch_rules import ACTIONS, moved

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["accepts", "q_values"]


def accepts(subject: Subject) -> bool:
    """Say whether the network is a player that values its actions."""
    return isinstance(subject.model, DeepQNetwork)


@register(
    "q-values",
    task="play",
    opens="answer",
    source="Mnih et al., Nature 2015, figure 3",
    lecture="003 Automatic Game Playing",
)
def q_values(subject: Subject, *, move: int = -1) -> Explanation:
    """Play the episode by the highest value, and show the values of every action before each move.

    Q(s, .) = W h + b, h = relu(V s + a);  the target of a move is r + discount max_b Q(s', b)

    Args:
        subject: The network and the first screen of the episode.
        move: Which move is opened, from 0; -1 for the one whose value is furthest from its target.

    Raises:
        LayerwiseError: The network is no such player, or there is no such move.
    """
    model = subject.model
    if not isinstance(model, DeepQNetwork):
        raise LayerwiseError(
            say("This view opens a player that values its actions."), type(model).__name__,
            "layerwise train catch dqn", usage=True,
        )  # fmt: skip
    game = played(model, subject.inputs)
    last = len(game.actions) - 1
    if not -1 <= move <= last:
        raise LayerwiseError(
            say("A move is counted from 0."), say("move {} of {}", move, last + 1),
            say("Choose one from 0 to {}.", last), usage=True,
        )  # fmt: skip
    chosen = int(np.abs(game.errors(model.discount)).argmax()) if move == -1 else move
    header = (say("move"), *(say(action) for action in ACTIONS), say("chosen"), say("reward"), say("target"))
    targets = game.targets(model.discount)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (place, *(float(value) for value in game.values[place]), say(ACTIONS[action]), float(game.rewards[place]),
         float(targets[place]))
        for place, action in enumerate(game.actions)
    )  # fmt: skip
    caught = game.rewards.sum() > 0
    return Explanation(
        view="q-values",
        title=say("What every action is worth, move by move"),
        facts=(*subject.shown_facts(), (say("ball"), say("caught") if caught else say("missed"))),
        tensors={
            "values": Recorded(game.values, ("move", "action"), "recorded", "values"),
            "hidden": Recorded(game.hidden, ("move", "unit"), "recorded", "values"),
        },
        arithmetic=game.lines(model, chosen, subject.epsilon()),
        tables=(Table(say("Values before every move"), header, rows, marked=frozenset({chosen})),),
        notes=(
            say("Q = W h + b is re-added for move {}; the target of a move is its reward plus the discounted best "
                "value after it, and the reward alone where the episode ends.", chosen),
            say("While it learned, the targets came from an older copy of the network; here they are its own."),
        ),
        pictures=(
            Picture(say("The board before each move, and the value of each action."), lambda: draw(game, chosen)),
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class Game:
    """One episode with what the network thought.

    Args:
        screens: The board before every move, `(moves, rows, columns)`.
        hidden: The hidden units, `(moves, units)`.
        values: The value of every action, `(moves, actions)`.
        actions: What was chosen.
        rewards: What it brought.
        over: Whether it ended the episode.
    """

    screens: np.ndarray
    hidden: np.ndarray
    values: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    over: np.ndarray

    def targets(self, discount: float) -> np.ndarray:
        """Return what the value of each move should be, by the network's own values after it."""
        after = np.concatenate([self.values[1:], self.values[-1:]])
        return bellman_target(self.rewards, after, self.over, discount)

    def errors(self, discount: float) -> np.ndarray:
        """Return how far each chosen value is from its target."""
        chosen: np.ndarray = self.values[np.arange(len(self.actions)), self.actions]
        return np.asarray(chosen - self.targets(discount))

    def lines(self, model: DeepQNetwork, move: int, epsilon: float) -> tuple[Arithmetic, ...]:
        """Return the lines to verify: the values of one move, and its target."""
        output = [part for part in model.values.modules() if isinstance(part, torch.nn.Linear)][-1]
        weight, bias = (part.detach().double().numpy(force=True) for part in (output.weight, output.bias))
        terms = np.abs(weight) @ np.abs(self.hidden[move]) + np.abs(bias)
        tolerance = 8 * epsilon * float(terms.max()) * np.sqrt(weight.shape[1])
        reward, over = float(self.rewards[move]), bool(self.over[move])
        following = 0.0 if over else float(self.values[move + 1].max())
        target = Arithmetic(
            "target", say("r + discount max Q after move {}", move), bellman_target,
            {"rewards": np.array([reward]), "next_values": np.array([[following]])},
            np.array([reward + model.discount * following]), 1e-9,
            {"over": np.array([False]), "discount": model.discount},
        )  # fmt: skip
        # Nothing follows the last move: its target is the reward.
        last = Arithmetic("target", say("the reward of move {}", move), term_sum, {"terms": np.array([reward])},
                          np.array(reward), 0.0)  # fmt: skip
        return (
            Arithmetic(
                "values", say("Q = W h + b before move {}", move), forward,
                {"inputs": self.hidden[move][None], "weight": weight, "bias": bias}, self.values[move][None], tolerance,
            ),
            last if over else target,
        )  # fmt: skip


def played(model: DeepQNetwork, screens: torch.Tensor) -> Game:
    """Play one episode by the highest value and note everything."""
    kept: dict[str, list[np.ndarray]] = {name: [] for name in Game.__dataclass_fields__}
    training = model.training
    model.eval()
    with torch.no_grad():
        for _ in range(screens.shape[2] - 1):
            hidden = model.hidden(screens)
            values = model(screens)
            actions = values.argmax(1)
            after, rewards, over = moved(screens, actions)
            for name, value in (("screens", screens[0, 0]), ("hidden", hidden[0]), ("values", values[0]),
                                ("actions", actions[0]), ("rewards", rewards[0]), ("over", over[0])):  # fmt: skip
                plain = value.numpy(force=True)
                kept[name].append(plain.astype(np.float64) if plain.dtype.kind == "f" else plain)
            screens = after
    model.train(training)
    return Game(**{name: np.stack(values) for name, values in kept.items()})


def draw(game: Game, chosen: int) -> Figure:
    """Draw the board before every move, and below it the values of the three actions."""
    moves = len(game.actions)
    lowest, highest = min(0.0, float(game.values.min())), max(0.0, float(game.values.max()))
    with styled():
        drawn = figure(1.15 * moves + 0.8, 3.4)
        panels = drawn.subplots(2, moves, squeeze=False, gridspec_kw={"height_ratios": (2, 1.2)})
        for move in range(moves):
            board, bars = panels[0][move], panels[1][move]
            bare(board, label("move {}", move))
            board.imshow(game.screens[move], cmap="Greys", vmin=0, vmax=1, interpolation="nearest")
            colours = [COLOURS["strong" if place == game.actions[move] else "quiet"] for place in range(len(ACTIONS))]
            bars.bar(range(len(ACTIONS)), game.values[move], color=colours)
            bars.set_ylim(lowest - 0.05, highest + 0.05)
            bars.set_xticks(range(len(ACTIONS)), [label(action) for action in ACTIONS], fontsize=7)
            bars.axhline(0, color=COLOURS["ink"], linewidth=0.6)
            if move:
                bars.set_yticklabels([])
            for side in board.spines.values():
                side.set_visible(True)
                side.set_color(COLOURS["strong" if move == chosen else "line"])
    return drawn
