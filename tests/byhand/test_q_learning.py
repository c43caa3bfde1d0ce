"""Bellman's target, the clipped error and its slope, and a table that reaches the fixed point."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from layerwise.byhand.q_learning import bellman_target, clipped_error, q_gradient, value_iteration

DRAWS = np.random.default_rng(5)


def test_the_target_of_a_last_move_is_its_reward_exactly():
    over = np.array([True, False, True])
    targets = bellman_target(np.array([1.0, 0.0, -1.0]), np.full((3, 2), 1e300), over, 0.99)
    assert targets[0] == 1.0
    assert targets[2] == -1.0
    assert targets[1] == 0.99 * 1e300


@pytest.mark.parametrize("moves", [1, 7])
def test_error_and_slope_are_those_of_torch(moves):
    values, targets = DRAWS.normal(0, 2, (moves, 3)), DRAWS.normal(0, 2, moves)
    actions = DRAWS.integers(3, size=moves)
    theirs = torch.tensor(values, requires_grad=True)
    chosen = theirs.gather(1, torch.tensor(actions)[:, None])[:, 0]
    error = functional.smooth_l1_loss(chosen, torch.tensor(targets), reduction="sum")
    error.backward()
    assert clipped_error(values, actions, targets) == pytest.approx(error.item(), rel=1e-12)
    np.testing.assert_allclose(q_gradient(values, actions, targets), theirs.grad.numpy(), rtol=0, atol=1e-14)


def ring(state, action):
    """Five places in a ring; leaving place 4 forwards ends with 1, backwards from place 0 ends with -1."""
    following = state + (1 if action else -1)
    if following == 5:
        return 4, 1.0, True
    return (0, -1.0, True) if following < 0 else (following, 0.0, False)


def test_a_table_learned_from_every_move_reaches_what_value_iteration_finds():
    expected = value_iteration(ring, 5, 2, discount=0.9, sweeps=100)
    # With the best way forward from place s there are 4 - s moves before the one that brings 1.
    np.testing.assert_allclose(expected[:, 1], 0.9 ** np.arange(4, -1, -1), atol=1e-12)
    table = torch.zeros(5, 2, dtype=torch.float64, requires_grad=True)
    moves = [(state, action, *ring(state, action)) for state in range(5) for action in range(2)]
    states, actions, after, rewards, over = (np.array(part) for part in zip(*moves, strict=True))
    optimizer = torch.optim.SGD([table], lr=0.5)
    for _ in range(400):
        now = table.detach().numpy()
        targets = bellman_target(rewards, now[after], over, 0.9)
        optimizer.zero_grad()
        slope = q_gradient(now[states], actions, targets)
        table.grad = torch.zeros_like(table).index_add(0, torch.tensor(states), torch.tensor(slope))
        optimizer.step()
    np.testing.assert_allclose(table.detach().numpy(), expected, atol=1e-6)
