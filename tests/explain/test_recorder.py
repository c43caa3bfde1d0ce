"""What passes through a network is copied, call by call, and the network stays as it was."""

import pytest
import torch
from torch import nn

from layerwise.explain.recorder import record
from layerwise.explain.trace import record_forward


def test_copies_are_not_overwritten_by_an_activation_in_place():
    network = nn.Sequential(nn.Linear(3, 8), nn.ReLU(inplace=True))
    inputs = torch.randn(1, 3)
    sums = record(network, inputs).calls[0].output
    assert sums.min() < 0
    torch.testing.assert_close(sums, network[0](inputs))
    trace = record_forward(network, inputs)
    torch.testing.assert_close(trace.value(trace.operations[0].outputs[0]), network[0](inputs))


def test_a_module_used_twice_has_two_calls():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(3, 3)

        def forward(self, inputs):
            return self.layer(torch.tanh(self.layer(inputs)))

    recording = record(Twice(), torch.randn(1, 3))
    assert [call.key for call in recording.calls] == ["layer#0", "layer#1"]
    torch.testing.assert_close(recording.calls[1].inputs, torch.tanh(recording.calls[0].output))


def test_statistics_modes_random_state_and_hooks():
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    network[2].eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    state = torch.get_rng_state()
    record(network, torch.randn(1, 3, generator=torch.Generator().manual_seed(0)))
    assert torch.equal(state, torch.get_rng_state())
    assert [module.training for module in network] == [True, True, False]
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_hooks_go_even_when_the_network_fails():
    network = nn.Sequential(nn.Linear(3, 4), nn.Linear(3, 4))
    with pytest.raises(RuntimeError):
        record(network, torch.randn(1, 3))
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())
    assert network.training


def test_result_of_the_network_is_not_changed_by_recording():
    network = nn.Sequential(nn.Linear(3, 4), nn.Tanh()).eval()
    inputs = torch.randn(1, 3)
    torch.testing.assert_close(record(network, inputs).output, network(inputs), rtol=0, atol=0)
