"""Gates and gradients through time: the numbers are those of torch, for every layer, direction and step."""

import numpy as np
import pytest
import torch
from torch import nn

from layerwise.errors import LayerwiseError
from layerwise.explain.open import explain
from layerwise.explain.subject import Subject
from layerwise.tasks.classify import Classify

STEPS, UNITS = 6, 5


class Reads(nn.Module):
    """Two layers in both directions; the last state answers."""

    def __init__(self, kind, both=True):
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.cells = kind(4, UNITS, num_layers=2, bidirectional=both, batch_first=True)
        self.out = nn.Linear(UNITS * (1 + both), 2)

    def forward(self, inputs):
        return self.out(self.cells(self.first(inputs))[0][:, -1])


def subject_of(kind, both=True):
    torch.manual_seed(1)
    return Subject(Reads(kind, both), torch.randn(1, STEPS, 3), torch.tensor([1]), Classify(("no", "yes")))


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_the_states_shown_are_the_outputs_of_torch(kind):
    subject = subject_of(kind)
    with torch.no_grad():
        outputs = subject.model.cells(subject.model.first(subject.inputs))[0][0].numpy()
    ahead, back = (explain(subject, "gates-through-time", {"backward": way}) for way in (False, True))
    np.testing.assert_allclose(ahead.tensors["h"].array, outputs[:, :UNITS], atol=1e-6)
    np.testing.assert_allclose(back.tensors["h"].array[::-1], outputs[:, UNITS:], atol=1e-6)
    below = explain(subject, "gates-through-time", {"depth": 0, "unit": 2, "time": 4})
    assert np.abs(below.tensors["h"].array - ahead.tensors["h"].array).max() > 1e-3
    for shown in (ahead, back, below):
        assert all(check.ok for check in shown.verify())


def test_gates_of_one_step_by_the_equations():
    """The lecture's four lines, in plain torch, from the weights of the module."""
    subject = subject_of(nn.LSTM, both=False)
    shown = explain(subject, "gates-through-time", {"depth": 0, "unit": 3, "time": 2})
    cells = subject.model.cells
    x = subject.model.first(subject.inputs)[0, 2]
    h, c = (torch.tensor(shown.tensors[name].array[1], dtype=torch.float32) for name in "hc")
    sums = cells.weight_ih_l0 @ x + cells.bias_ih_l0 + cells.weight_hh_l0 @ h + cells.bias_hh_l0
    i, f, g, o = (part[3] for part in sums.split(UNITS))
    expected = {"i": i.sigmoid(), "f": f.sigmoid(), "g": g.tanh(), "o": o.sigmoid()}
    for name, value in expected.items():
        assert shown.tensors[name].array[2, 3] == pytest.approx(value.item(), abs=1e-6)
    cell = expected["f"] * c[3] + expected["i"] * expected["g"]
    assert shown.tensors["c"].array[2, 3] == pytest.approx(cell.item(), abs=1e-6)


@pytest.mark.parametrize("options", [{"unit": UNITS}, {"time": STEPS}, {"layer": "cell"}])
def test_what_is_not_there_is_refused(options):
    with pytest.raises(LayerwiseError):
        explain(subject_of(nn.GRU), "gates-through-time", options)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_gradients_of_the_states_are_difference_quotients(kind):
    """Move the state that one step hands on by a little, go on from there, and see what the loss does."""
    torch.manual_seed(2)
    model = nn.Module()
    model.cells, model.out = kind(3, UNITS, batch_first=True), nn.Linear(UNITS, 2)
    model.forward = lambda inputs: model.out(model.cells(inputs)[0][:, -1])
    subject = Subject(model, torch.randn(1, STEPS, 3), torch.tensor([1]), Classify(("no", "yes")))
    shown = explain(subject, "gradients-through-time")
    assert all(check.ok for check in shown.verify())
    cells, out = model.cells.double(), model.out.double()
    inputs = subject.inputs.double()

    def loss(after, unit, h):
        with torch.no_grad():
            state = cells(inputs[:, :after])[1]
            hidden = state[0] if isinstance(state, tuple) else state
            hidden[0, 0, unit] += h
            last = cells(inputs[:, after:], state)[0][:, -1]
            return nn.functional.cross_entropy(out(last), subject.target).item()

    for after, unit in ((1, 0), (3, 2), (5, 4)):
        slope = (loss(after, unit, 1e-4) - loss(after, unit, -1e-4)) / 2e-4
        assert shown.tensors["dE/dh"].array[after - 1, unit] == pytest.approx(slope, abs=1e-6)


def test_a_network_without_a_target_has_no_gradients_to_show():
    subject = subject_of(nn.LSTM)
    with pytest.raises(LayerwiseError, match="gradients-through-time"):
        explain(Subject(subject.model, subject.inputs), "gradients-through-time")
