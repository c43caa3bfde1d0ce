import numpy as np
import pytest
import torch

from layerwise.byhand import attention as byhand
from layerwise.layers.attention import AdditiveAttention


def asked(places=6, batch=5, seed=0):
    draw = torch.Generator().manual_seed(seed)
    state, memory = (torch.randn(*shape, generator=draw).double() for shape in ((batch, 4), (batch, places, 3)))
    lengths = torch.randint(1, places + 1, (batch, 1), generator=draw)
    torch.manual_seed(seed)
    return AdditiveAttention(4, 3, 5).double(), state, memory, torch.arange(places) < lengths


def test_equals_the_mathematics_by_hand_forward_and_backward():
    layer, state, memory, mask = asked()
    leaves = [part.clone().requires_grad_() for part in (state, memory)]
    found = layer(leaves[0], leaves[1], layer.keys(leaves[1]), mask)
    weights = byhand.Parameters(
        *(part.weight.detach().numpy() for part in (layer.W, layer.U)), layer.v.weight[0].detach().numpy()
    )
    expected = byhand.forward(state.numpy(), memory.numpy(), mask.numpy(), weights)
    for mine, other in (
        (found.context, expected.context),
        (found.weights, expected.weights),
        (found.energies, expected.energies),
    ):
        np.testing.assert_allclose(mine.detach().numpy(), other, rtol=0, atol=1e-12)
    gradient = np.random.default_rng(1).normal(size=(5, 3))
    found.context.backward(torch.tensor(gradient))
    d_state, d_memory, slopes = byhand.backward(gradient, state.numpy(), memory.numpy(), weights, expected)
    pairs = ((leaves[0], d_state), (leaves[1], d_memory), (layer.W.weight, slopes.state_weight),
             (layer.U.weight, slopes.memory_weight), (layer.v.weight, slopes.energy_weight[None]))  # fmt: skip
    for leaf, other in pairs:
        np.testing.assert_allclose(leaf.grad.numpy(), other, rtol=0, atol=1e-12)


def test_weights_sum_to_one_and_are_exactly_zero_on_padding():
    layer, state, memory, mask = asked()
    weights = layer(state, memory, layer.keys(memory), mask).weights
    torch.testing.assert_close(weights.sum(1), torch.ones(5).double())
    assert (weights[~mask] == 0).all()


def test_with_zero_v_the_context_is_the_mean_of_what_was_read():
    layer, state, memory, mask = asked()
    torch.nn.init.zeros_(layer.v.weight)
    context = layer(state, memory, layer.keys(memory), mask).context
    for row in range(5):
        torch.testing.assert_close(context[row], memory[row][mask[row]].mean(0))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_an_example_without_a_symbol_gives_no_nan(dtype):
    layer, state, memory, mask = asked()
    layer, state, memory = layer.to(dtype), state.to(dtype), memory.to(dtype)
    assert torch.isfinite(layer(state, memory, layer.keys(memory), torch.zeros_like(mask)).context).all()
