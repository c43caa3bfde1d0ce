import numpy as np
import pytest
import torch

from byhand.oracle import assert_close, in_torch, refused
from layerwise.byhand import attention
from layerwise.byhand.attention import Parameters


def drawn(batch, places, state, memory, units, seed):
    draw = np.random.default_rng(seed)
    weights = Parameters(draw.normal(size=(units, state)), draw.normal(size=(units, memory)), draw.normal(size=units))
    mask = np.arange(places) < draw.integers(1, places + 1, batch)[:, None]
    return draw.normal(size=(batch, state)), draw.normal(size=(batch, places, memory)), mask, weights


def torch_context(mask):
    """The same in torch: the energy of padding is minus infinity before the softmax."""

    def context(state, memory, state_weight, memory_weight, energy_weight):
        energies = torch.tanh((state @ state_weight.T)[:, None] + memory @ memory_weight.T) @ energy_weight
        weights = energies.masked_fill(torch.tensor(~mask), -torch.inf).softmax(1)
        return torch.einsum("bj,bjm->bm", weights, memory)

    return context


@pytest.mark.parametrize(
    ("batch", "places", "state", "memory", "units"), [(1, 1, 2, 3, 1), (5, 7, 4, 6, 3), (2, 9, 1, 1, 8)]
)
def test_forward_and_backward_equal_torch(batch, places, state, memory, units):
    s, h, mask, weights = drawn(batch, places, state, memory, units, places)
    gradient = np.random.default_rng(1).normal(size=(batch, memory))
    arrays = (s, h, weights.state_weight, weights.memory_weight, weights.energy_weight)
    value, slopes = in_torch(torch_context(mask), arrays, gradient)
    result = attention.forward(s, h, mask, weights)
    assert_close(result.context, value)
    d_state, d_memory, found = attention.backward(gradient, s, h, weights, result)
    for mine, expected in zip(
        (d_state, d_memory, found.state_weight, found.memory_weight, found.energy_weight), slopes, strict=True
    ):
        assert_close(mine, expected)


def test_the_gradient_is_the_slope_of_the_loss():
    s, h, mask, weights = drawn(2, 4, 3, 2, 3, 0)
    gradient = np.random.default_rng(1).normal(size=(2, 2))
    _, _, slopes = attention.backward(gradient, s, h, weights, attention.forward(s, h, mask, weights))
    for place in range(3):
        step = np.zeros(3)
        step[place] = 1e-6
        moved = [
            (
                attention.forward(s, h, mask, Parameters(weights.state_weight, weights.memory_weight, v)).context
                * gradient
            ).sum()
            for v in (weights.energy_weight + step, weights.energy_weight - step)
        ]
        assert abs((moved[0] - moved[1]) / 2e-6 - slopes.energy_weight[place]) < 1e-8


def test_weights_sum_to_one_and_padding_has_none():
    s, h, mask, weights = drawn(6, 8, 3, 4, 5, 2)
    result = attention.forward(s, h, mask, weights)
    assert_close(result.weights.sum(axis=1), np.ones(6))
    assert (result.weights[~mask] == 0).all()
    assert (result.weights[mask] > 0).all()


def test_what_stands_on_padding_changes_nothing_and_learns_nothing():
    s, h, mask, weights = drawn(6, 8, 3, 4, 5, 3)
    gradient = np.ones((6, 4))
    other = np.where(mask[:, :, None], h, 1e6)
    first, second = (attention.forward(s, each, mask, weights) for each in (h, other))
    assert np.array_equal(first.context, second.context)
    _, d_memory, _ = attention.backward(gradient, s, h, weights, first)
    assert (d_memory[~mask] == 0).all()
    assert (d_memory[mask] != 0).any()


def test_with_zero_v_attention_is_uniform_and_the_context_is_the_mean():
    s, h, mask, weights = drawn(5, 6, 3, 4, 2, 4)
    none = Parameters(weights.state_weight, weights.memory_weight, np.zeros(2))
    result = attention.forward(s, h, mask, none)
    for row, count in enumerate(mask.sum(axis=1)):
        assert_close(result.weights[row, :count], np.full(count, 1 / count))
        assert_close(result.context[row], h[row, :count].mean(axis=0))


def test_large_energies_do_not_overflow_and_an_empty_row_is_refused():
    shares = attention.masked_softmax(np.array([[1e4, 1e4, 2e4]]), np.array([[True, True, False]]))
    assert shares.tolist() == [[0.5, 0.5, 0.0]]
    with refused("rows \\[1\\]"):
        attention.masked_softmax(np.zeros((2, 2)), np.array([[True, False], [False, False]]))


def test_float32_stays_float32():
    s, h, mask, weights = drawn(2, 3, 2, 2, 2, 5)
    small = Parameters(*(part.astype(np.float32) for part in vars(weights).values()))
    assert attention.forward(s.astype(np.float32), h.astype(np.float32), mask, small).context.dtype == np.float32
