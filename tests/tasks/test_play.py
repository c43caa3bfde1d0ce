"""Catch: its rules, what is remembered, and that a player of it learns where a broken one does not."""

import itertools
import json

import numpy as np
import pytest
import torch

from layerwise.byhand.q_learning import bellman_target, clipped_error
from layerwise.config import Evaluate, Train
from layerwise.data.builtin import builtin
from layerwise.data.catch import first_screens
from layerwise.errors import LayerwiseError
from layerwise.models import build
from layerwise.models.dqn import DeepQNetwork, dqn, dqn_atari
from layerwise.tasks.catch_rules import moved
from layerwise.tasks.play import Play, returns_of, screens_of
from layerwise.training.loop import train
from layerwise.training.state import Plan, prepare

TASK = Play()


def screen(ball, paddle, row=0):
    board = torch.zeros(1, 1, 10, 5)
    board[0, 0, row, ball] = board[0, 0, 9, paddle] = 1
    return board


@pytest.mark.parametrize(("ball", "paddle", "action"), list(itertools.product(range(5), range(5), range(3))))
def test_a_last_move_brings_one_or_minus_one(ball, paddle, action):
    after, reward, over = moved(screen(ball, paddle, row=8), torch.tensor([action]))
    place = min(4, max(0, paddle + action - 1))
    assert reward.item() == (1 if place == ball else -1)
    assert over.item()
    assert after[0, 0, 9].nonzero().flatten().tolist() == sorted({ball, place})


def test_before_the_last_move_nothing_is_won_and_the_ball_falls_one_row():
    after, reward, over = moved(screen(2, 0), torch.tensor([0]))
    assert (reward.item(), over.item()) == (0, False)
    assert after[0, 0].nonzero().tolist() == [[1, 2], [9, 0]]


class Follows(torch.nn.Module):
    """A player that steps towards the ball."""

    def act(self, screens):
        place = screens[:, 0, :-1].flatten(1).argmax(1) % 5
        return (place - screens[:, 0, -1].argmax(1)).sign() + 1

    def remember(self, screens, rows, state, draws):
        raise NotImplementedError


def test_every_ball_can_be_caught_and_one_in_five_is_by_chance():
    screens = torch.from_numpy(first_screens(2000, np.random.default_rng(0)).astype(np.float32))
    assert returns_of(Follows(), screens).min() == 1
    by_chance = returns_of(build("random-player", (1, 10, 5), 3), screens).mean().item()
    assert by_chance == pytest.approx(-0.6, abs=0.06)


def test_the_built_in_episodes_are_what_they_say():
    source = builtin("catch")
    screens = screens_of(source)
    assert screens.shape == (3000, 1, 10, 5)
    assert source.columns["part"].counts() == {"train": 2000, "test": 1000}
    assert len({cells.tobytes() for cells in screens}) == 25
    broken = source.columns["screen"].cells.copy()
    broken[7, 0, 0] = 0
    damaged = source.columns | {
        "screen": type(source.columns["screen"])(broken, None, source.columns["screen"].sizes, 1)
    }
    with pytest.raises(LayerwiseError, match="begins with one ball above one paddle"):
        screens_of(type(source)(source.name, source.origin, source.fields, damaged))


def test_parameters_are_those_of_the_paper():
    assert [sum(part.numel() for part in dqn_atari(actions).parameters()) for actions in (4, 6, 18)] == [
        1_686_180, 1_687_206, 1_693_362,
    ]  # fmt: skip
    assert dqn_atari(4)(torch.zeros(1, 4, 84, 84)).shape == (1, 4)


def remembered(model, episodes=6, updates=3):
    examples = TASK.sample((1, 10, 5), episodes, torch.Generator().manual_seed(0))
    state = None
    for update in range(updates):
        batch, state = TASK.make(model, examples, torch.arange(episodes), state, seed=1, epoch=update)
    return batch, state


def test_memory_holds_whole_episodes_and_the_batch_is_what_bellman_asks():
    torch.manual_seed(0)
    model = dqn((1, 10, 5), 3, hidden_units=16, minibatch=40, copy_every=2)
    batch, state = remembered(model)
    assert state["filled"] == 6 * 9 * 3
    assert state["over"][: state["filled"]].sum() == 6 * 3
    after, rewards, over = moved(state["screens"][:54].float(), state["actions"][:54])
    assert torch.equal(after.to(torch.uint8), state["after"][:54])
    assert torch.equal(rewards, state["rewards"][:54])
    assert torch.equal(over, state["over"][:54])
    # The third update's targets come from the copy that was made at it: the weights of now.
    draws = [row for row in range(162) if torch.equal(state["screens"][row].float(), batch.inputs[0])]
    assert draws
    with torch.no_grad():
        values = model(batch.inputs).double().numpy()
    result = model.loss(batch, state)
    actions, targets = batch.targets[:, 0].long().numpy(), batch.targets[:, 1].double().numpy()
    assert result.total.item() == pytest.approx(clipped_error(values, actions, targets), rel=1e-5)
    assert float(result.parts["return"] / result.count) == pytest.approx(float(state["returns"]))


def test_targets_are_those_of_bellman_by_the_copy():
    torch.manual_seed(0)
    model = dqn((1, 10, 5), 3, hidden_units=16, minibatch=64, copy_every=1000)
    _, state = remembered(model, updates=1)
    with torch.no_grad():
        old = model(state["after"][:54].float()).double().numpy()
        for part in model.parameters():
            part.add_(1.0)
    batch = model.asked(state, torch.arange(54))
    expected = bellman_target(state["rewards"][:54].double().numpy(), old, state["over"][:54].numpy(), 0.99)
    np.testing.assert_allclose(batch.targets[:, 1].numpy(), expected, rtol=1e-5, atol=1e-6)
    assert (batch.targets[:, 1].numpy()[state["over"][:54].numpy()] == expected[state["over"][:54].numpy()]).all()


def test_the_oldest_moves_are_forgotten():
    model = dqn((1, 10, 5), 3, memory=100)
    _, state = remembered(model)
    assert (state["filled"], state["place"]) == (100, (6 * 9 * 3) % 100)


def test_exploration_falls_straight_to_its_end():
    model = dqn((1, 10, 5), 3, exploration=0.1, exploration_updates=100)
    assert [round(model.share_tried_out(update), 3) for update in (0, 50, 100, 1000)] == [1.0, 0.55, 0.1, 0.1]


def test_a_measured_return_is_counted():
    answers = np.array([[1.0], [1.0], [-1.0], [1.0]])
    found = TASK.measure(np.ones(4), answers, Evaluate(), seed=0)
    assert found.metrics["mean_return"].value == 0.5
    assert found.metrics["caught"].value == 0.75
    assert found.metrics["mean_return"].low == 2 * found.metrics["caught"].low - 1
    assert TASK.labels(answers) == ("caught", "caught", "missed", "caught")


class Blind(DeepQNetwork):
    """A broken player: it learns the rewards of other moves."""

    def asked(self, kept, chosen):
        return super().asked(kept | {"rewards": kept["rewards"][: kept["filled"]].roll(1)}, chosen)


def learned_return(kind, seed=0):
    torch.manual_seed(seed)
    model = dqn((1, 10, 5), 3)
    if kind is not DeepQNetwork:
        values = {name: getattr(model, name) for name in
                  ("discount", "memory", "minibatch", "copy_every", "exploration", "exploration_updates")}  # fmt: skip
        model = kind(model.values, **values)
    examples = TASK.sample((1, 10, 5), 400, torch.Generator().manual_seed(0))
    settings = Train(epochs=28, batch_size=16, learning_rate=2e-3, seed=seed)
    for _ in train(prepare(model, TASK, examples, settings, Plan("cpu", 1))):
        pass
    return float(TASK.answer(model, TASK.sample((1, 10, 5), 200, torch.Generator().manual_seed(9))).mean())


def test_it_learns_to_catch_and_broken_players_do_not():
    assert learned_return(DeepQNetwork) >= 0.95
    assert learned_return(Blind) < 0.5


def test_the_task_comes_back():
    assert Play.from_json(json.loads(json.dumps(TASK.to_json()))) == TASK
