"""Recurrent layers by hand: torch's layers and cells, autograd, finite differences, and the lecture's own formulas."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from byhand.oracle import assert_close, refused
from layerwise.byhand import gru, lstm, optimizers, recurrent, unrolled

STEPS, BATCH, FEATURES, UNITS = 6, 3, 4, 5


def layer_of(kind, seed=0, **options):
    torch.manual_seed(seed)
    layer = kind(FEATURES, UNITS, dtype=torch.float64, **options)
    for weight in layer.parameters():
        nn.init.normal_(weight, std=0.7)
    return layer


def arrays_of(layer):
    return [weight.detach().numpy() for weight in layer.parameters()]


def drawn(seed=1):
    draw = np.random.default_rng(seed)
    shapes = ((STEPS, BATCH, FEATURES), (BATCH, UNITS), (BATCH, UNITS), (STEPS, BATCH, UNITS), (BATCH, UNITS))
    return [draw.normal(size=shape) for shape in shapes]


def differentiated(layer, inputs, states, gradient, last_cell=None):
    """Outputs and the gradients of sum(outputs * gradient) [+ sum(c_T * last_cell)] by autograd."""
    leaves = [torch.tensor(part, requires_grad=True) for part in (inputs, *states)]
    start = tuple(leaf[None] for leaf in leaves[1:])
    outputs, last = layer(leaves[0], start if len(start) == 2 else start[0])
    loss = (outputs * torch.tensor(gradient)).sum()
    if last_cell is not None:
        loss = loss + (last[1][0] * torch.tensor(last_cell)).sum()
    slopes = torch.autograd.grad(loss, [*leaves, *layer.parameters()])
    return outputs.detach().numpy(), [slope.numpy() for slope in slopes]


def difference_quotient(loss, array, entry, h=1e-6):
    around = []
    for side in (1, -1):
        moved = array.copy()
        moved[entry] += side * h
        around.append(loss(moved))
    return (around[0] - around[1]) / (2 * h)


class TestPlainNetwork:
    @pytest.mark.parametrize("activation", ["tanh", "relu"])
    def test_forward_and_backward_equal_torch(self, activation):
        layer = layer_of(nn.RNN, nonlinearity=activation)
        u, w, b1, b2 = arrays_of(layer)
        weights = recurrent.Weights(u, w, b1 + b2)
        x, h, _, gradient, _ = drawn()
        outputs, (d_x, d_h, d_u, d_w, d_b1, d_b2) = differentiated(layer, x, [h], gradient)
        states = recurrent.forward(x, h, weights, activation=activation)
        assert_close(states, outputs)
        found = recurrent.backward(gradient, x, h, states, weights, activation=activation)
        for mine, theirs in ((found.inputs, d_x), (found.state, d_h), (found.weights.input_weight, d_u),
                             (found.weights.recurrent_weight, d_w), (found.weights.bias, d_b1)):  # fmt: skip
            assert_close(mine, theirs)
        assert_close(d_b1, d_b2)

    def test_step_equals_the_cell_of_torch(self):
        torch.manual_seed(2)
        cell = nn.RNNCell(FEATURES, UNITS, dtype=torch.float64)
        u, w, b1, b2 = arrays_of(cell)
        x, h, *_ = drawn()
        expected = cell(torch.tensor(x[0]), torch.tensor(h)).detach().numpy()
        assert_close(recurrent.step(x[0], h, recurrent.Weights(u, w, b1 + b2)), expected)

    def test_both_notations_are_one_network(self):
        u, w, *_ = arrays_of(layer_of(nn.RNN))
        weights = recurrent.Weights(u, w, np.zeros(UNITS))
        x, h, *_ = drawn()
        assert_close(recurrent.step_stacked(x[0], h, recurrent.stacked(weights)), recurrent.step(x[0], h, weights))
        with refused("no bias"):
            recurrent.stacked(recurrent.Weights(u, w, np.ones(UNITS)))

    def test_states_hold_the_whole_gradient_of_every_step(self):
        """dE/dh_t by autograd through an unrolled network in which every state is a tensor of its own."""
        layer = layer_of(nn.RNN)
        u, w, b1, b2 = arrays_of(layer)
        weights = recurrent.Weights(u, w, b1 + b2)
        x, h, _, gradient, _ = drawn()
        tu, tw, tb = (torch.tensor(part) for part in (u, w, b1 + b2))
        states = [torch.tensor(h, requires_grad=True)]
        for row in torch.tensor(x):
            states.append(torch.tanh(row @ tu.T + states[-1] @ tw.T + tb))
        loss = sum((state * torch.tensor(part)).sum() for state, part in zip(states[1:], gradient, strict=True))
        expected = torch.stack(torch.autograd.grad(loss, states[1:])).numpy()
        assert_close(recurrent.backward(gradient, x, h, recurrent.forward(x, h, weights), weights).states, expected)

    def test_difference_quotients(self):
        x, h, _, gradient, _ = drawn()
        u, w, b1, b2 = arrays_of(layer_of(nn.RNN))
        weights = recurrent.Weights(u, w, b1 + b2)
        found = recurrent.backward(gradient, x, h, recurrent.forward(x, h, weights), weights)

        def loss(moved):
            return (recurrent.forward(x, h, recurrent.Weights(u, moved, b1 + b2)) * gradient).sum()

        for entry in ((0, 0), (2, 4), (4, 1)):
            slope = difference_quotient(loss, w, entry)
            assert found.weights.recurrent_weight[entry] == pytest.approx(slope, abs=1e-7)

    def test_float32_stays_float32(self):
        x, h, _, gradient, _ = (part.astype(np.float32) for part in drawn())
        u, w, b1, _ = (part.astype(np.float32) for part in arrays_of(layer_of(nn.RNN)))
        weights = recurrent.Weights(u, w, b1)
        states = recurrent.forward(x, h, weights)
        found = recurrent.backward(gradient, x, h, states, weights)
        assert {states.dtype, found.inputs.dtype, found.weights.recurrent_weight.dtype} == {np.dtype(np.float32)}


class TestTruncation:
    def weights(self):
        u, w, b1, b2 = arrays_of(layer_of(nn.RNN))
        return recurrent.Weights(u, w, b1 + b2)

    def test_one_chunk_is_the_whole(self):
        x, h, _, gradient, _ = drawn()
        weights = self.weights()
        whole = recurrent.backward(gradient, x, h, recurrent.forward(x, h, weights), weights)
        (only,), _ = recurrent.backward_truncated(gradient, x, h, weights, chunk=STEPS)
        for name in ("input_weight", "recurrent_weight", "bias"):
            assert np.array_equal(getattr(only.weights, name), getattr(whole.weights, name))

    @pytest.mark.parametrize("chunk", [1, 2, 4])
    def test_chunks_equal_torch_with_detached_states(self, chunk):
        layer = layer_of(nn.RNN)
        u, w, b1, b2 = arrays_of(layer)
        weights = recurrent.Weights(u, w, b1 + b2)
        x, h, _, gradient, _ = drawn()
        chunks, states = recurrent.backward_truncated(gradient, x, h, weights, chunk=chunk)
        carried = h
        for place, part in enumerate(chunks):
            now = slice(place * chunk, (place + 1) * chunk)
            outputs, (_, _, d_u, d_w, d_b, _) = differentiated(layer, x[now], [carried], gradient[now])
            assert_close(states[now], outputs)
            assert_close(part.weights.input_weight, d_u)
            assert_close(part.weights.recurrent_weight, d_w)
            assert_close(part.weights.bias, d_b)
            carried = outputs[-1]

    def test_the_state_is_carried_and_the_gradient_is_not(self):
        x, h, _, gradient, _ = drawn()
        weights = self.weights()
        whole_states = recurrent.forward(x, h, weights)
        whole = recurrent.backward(gradient, x, h, whole_states, weights)
        chunks, states = recurrent.backward_truncated(gradient, x, h, weights, chunk=2)
        assert_close(states, whole_states)
        summed = sum((part.weights.recurrent_weight for part in chunks), np.zeros((UNITS, UNITS)))
        assert np.abs(summed - whole.weights.recurrent_weight).max() > 1e-2
        # a state set back to zero at each cut would be another network
        again = recurrent.forward(x[2:4], np.zeros_like(h), weights)
        assert np.abs(again - whole_states[2:4]).max() > 1e-2

    def test_a_chunk_has_steps(self):
        x, h, _, gradient, _ = drawn()
        with refused("got 0"):
            recurrent.backward_truncated(gradient, x, h, self.weights(), chunk=0)


class TestClipping:
    def slopes(self):
        x, h, _, gradient, _ = drawn()
        u, w, b1, b2 = arrays_of(layer_of(nn.RNN))
        weights = recurrent.Weights(u, w, b1 + b2)
        found = recurrent.backward(10 * gradient, x, h, recurrent.forward(x, h, weights), weights).weights
        return [found.input_weight, found.recurrent_weight, found.bias]

    def clipped_by_torch(self, slopes, clip):
        parameters = [nn.Parameter(torch.zeros(slope.shape, dtype=torch.float64)) for slope in slopes]
        for parameter, slope in zip(parameters, slopes, strict=True):
            parameter.grad = torch.tensor(slope)
        clip(parameters)
        return [parameter.grad.numpy() for parameter in parameters]

    def test_by_norm_equals_torch_and_keeps_the_direction(self):
        slopes = self.slopes()
        mine, length = optimizers.clip_by_norm(slopes, 1.0)
        theirs = self.clipped_by_torch(slopes, lambda parameters: nn.utils.clip_grad_norm_(parameters, 1.0))
        for found, expected in zip(mine, theirs, strict=True):
            assert_close(found, expected)
        before, after = (np.concatenate([part.ravel() for part in parts]) for parts in (slopes, mine))
        assert length > 1
        assert before @ after / (np.linalg.norm(before) * np.linalg.norm(after)) == pytest.approx(1, abs=1e-12)
        # each tensor by itself is another rule
        alone = [optimizers.clip_by_norm([slope], 1.0)[0][0] for slope in slopes]
        assert max(np.abs(a - b).max() for a, b in zip(alone, mine, strict=True)) > 1e-2

    def test_by_value_equals_torch_and_turns_the_direction(self):
        slopes = self.slopes()
        mine = optimizers.clip_by_value(slopes, 5.0)
        theirs = self.clipped_by_torch(slopes, lambda parameters: nn.utils.clip_grad_value_(parameters, 5.0))
        for found, expected in zip(mine, theirs, strict=True):
            assert np.array_equal(found, expected)
        before, after = (np.concatenate([part.ravel() for part in parts]) for parts in (slopes, mine))
        assert np.abs(after).max() == 5.0
        assert before @ after / (np.linalg.norm(before) * np.linalg.norm(after)) < 1 - 1e-4


class TestUnrolled:
    """W14: the lecture's gradients of E_3."""

    def sentence(self):
        draw = np.random.default_rng(4)
        weights = recurrent.Weights(draw.normal(size=(4, 6)), 0.8 * draw.normal(size=(4, 4)), np.zeros(4))
        words = np.eye(6)
        return words[:3], words[1:4], weights, draw.normal(size=(6, 4))

    def by_autograd(self, x, y, weights, v, step):
        tu, tw, tv = (torch.tensor(a, requires_grad=True) for a in (weights.input_weight, weights.recurrent_weight, v))
        state = torch.zeros(4, dtype=torch.float64)
        for word in torch.tensor(x[:step]):
            state = torch.tanh(tu @ word + tw @ state)
        loss = -(torch.tensor(y[step - 1]) * torch.log_softmax(tv @ state, 0)).sum()
        return loss.item(), [slope.numpy() for slope in torch.autograd.grad(loss, (tw, tv))]

    def test_the_error_of_step_3_and_its_gradients(self):
        x, y, weights, v = self.sentence()
        found = unrolled.run(x, weights, v)
        error, (d_w, d_v) = self.by_autograd(x, y, weights, v, 3)
        assert_close(unrolled.error(found, y)[2], error)
        assert_close(unrolled.output_slope(found, y, step=3), d_v)
        terms = unrolled.recurrent_terms(found, y, weights, v, step=3)
        assert len(terms) == 3
        assert_close(sum(terms), d_w)
        # E42: the last term alone is not the gradient
        assert np.abs(terms[-1] - d_w).max() > 1e-2

    def test_one_unit_with_a_pencil(self):
        """One input 1 a step, U = 1, W = 1/2, V = (1, -1): every number from `math` alone."""
        weights = recurrent.Weights(np.ones((1, 1)), np.full((1, 1), 0.5), np.zeros(1))
        v, targets = np.array([[1.0], [-1.0]]), np.array([[1.0, 0.0]] * 3)
        s1 = math.tanh(1)
        s2 = math.tanh(1 + s1 / 2)
        s3 = math.tanh(1 + s2 / 2)
        p = 1 / (1 + math.exp(-2 * s3))
        found = unrolled.run(np.ones((3, 1)), weights, v)
        assert_close(found.states[1:, 0], np.array([s1, s2, s3]))
        assert_close(unrolled.output_slope(found, targets, step=3), np.array([[(p - 1) * s3], [(1 - p) * s3]]))
        last = 2 * (p - 1) * (1 - s3**2)
        middle = last * 0.5 * (1 - s2**2)
        terms = unrolled.recurrent_terms(found, targets, weights, v, step=3)
        assert_close(np.array([term[0, 0] for term in terms]), np.array([0.0, middle * s1, last * s2]))

    def test_loss_at_the_start_is_the_logarithm_of_the_vocabulary(self):
        blank = recurrent.Weights(np.zeros((4, 6)), np.zeros((4, 4)), np.zeros(4))
        found = unrolled.run(np.eye(6), blank, np.zeros((6, 4)))
        assert_close(unrolled.error(found, np.roll(np.eye(6), 1, axis=1)), np.full(6, math.log(6)))


class TestLstm:
    def weights(self, layer):
        w_x, w_h, b_x, b_h = (lstm.from_torch(part) for part in arrays_of(layer))
        return recurrent.Weights(w_x, w_h, b_x + b_h)

    def test_forward_and_backward_equal_torch(self):
        layer = layer_of(nn.LSTM)
        weights = self.weights(layer)
        x, h, c, gradient, last_cell = drawn()
        outputs, (d_x, d_h, d_c, d_wx, d_wh, d_b, _) = differentiated(layer, x, [h, c], gradient, last_cell)
        gates = lstm.forward(x, h, c, weights)
        assert_close(gates.hidden, outputs)
        found = lstm.backward(gradient, x, h, c, gates, weights, last_cell=last_cell)
        assert_close(found.inputs, d_x)
        assert_close(found.hidden, d_h)
        assert_close(found.cell, d_c)
        assert_close(lstm.to_torch(found.weights.input_weight), d_wx)
        assert_close(lstm.to_torch(found.weights.recurrent_weight), d_wh)
        assert_close(lstm.to_torch(found.weights.bias), d_b)

    def test_every_cell_and_state_has_its_whole_gradient(self):
        layer = layer_of(nn.LSTM)
        cell = nn.LSTMCell(FEATURES, UNITS, dtype=torch.float64)
        for mine, theirs in zip(cell.parameters(), layer.parameters(), strict=True):
            mine.data = theirs.detach()
        x, h, c, gradient, last_cell = drawn()
        hiddens, cells = [torch.tensor(h, requires_grad=True)], [torch.tensor(c, requires_grad=True)]
        for row in torch.tensor(x):
            after = cell(row, (hiddens[-1], cells[-1]))
            hiddens.append(after[0])
            cells.append(after[1])
        loss = (torch.stack(hiddens[1:]) * torch.tensor(gradient)).sum() + (cells[-1] * torch.tensor(last_cell)).sum()
        expected = torch.autograd.grad(loss, [*hiddens[1:], *cells[1:]])
        weights = self.weights(layer)
        gates = lstm.forward(x, h, c, weights)
        found = lstm.backward(gradient, x, h, c, gates, weights, last_cell=last_cell)
        assert_close(found.hiddens, torch.stack(expected[:STEPS]).numpy())
        assert_close(found.cells, torch.stack(expected[STEPS:]).numpy())
        assert_close(gates.cell, torch.stack(cells[1:]).detach().numpy())

    def test_the_order_of_torch_is_another(self):
        """E13: read in torch's order without conversion, the gates are mixed up."""
        layer = layer_of(nn.LSTM)
        w_x, w_h, b_x, b_h = arrays_of(layer)
        x, h, c, gradient, _ = drawn()
        outputs, _ = differentiated(layer, x, [h, c], gradient)
        unconverted = lstm.forward(x, h, c, recurrent.Weights(w_x, w_h, b_x + b_h))
        assert np.abs(unconverted.hidden - outputs).max() > 1e-2
        assert np.array_equal(lstm.to_torch(lstm.from_torch(w_x)), w_x)

    def test_an_open_forget_gate_keeps_the_cell_and_its_gradient(self):
        """f = 1 and i = 0: c stays, and dc_T/dc_0 = 1, whatever comes in."""
        bias = np.concatenate((np.full(UNITS, -1e3), np.full(UNITS, 1e3), np.zeros(UNITS), np.zeros(UNITS)))
        draw = np.random.default_rng(5)
        weights = recurrent.Weights(draw.normal(size=(4 * UNITS, FEATURES)), draw.normal(size=(4 * UNITS, UNITS)), bias)
        x, h, c, gradient, _ = drawn()
        gates = lstm.forward(x, h, c, weights)
        assert np.array_equal(gates.cell, np.broadcast_to(c, gates.cell.shape))
        ones = np.ones_like(c)
        found = lstm.backward(np.zeros_like(gradient), x, h, c, gates, weights, last_cell=ones)
        assert np.array_equal(found.cell, ones)

    def test_difference_quotients(self):
        x, h, c, gradient, last_cell = drawn()
        weights = self.weights(layer_of(nn.LSTM))
        found = lstm.backward(gradient, x, h, c, lstm.forward(x, h, c, weights), weights, last_cell=last_cell)

        def loss(moved):
            gates = lstm.forward(x, h, c, recurrent.Weights(weights.input_weight, moved, weights.bias))
            return (gates.hidden * gradient).sum() + (gates.cell[-1] * last_cell).sum()

        for entry in ((0, 0), (7, 4), (12, 1), (19, 3)):
            slope = difference_quotient(loss, weights.recurrent_weight, entry)
            assert found.weights.recurrent_weight[entry] == pytest.approx(slope, abs=1e-7)


class TestGru:
    def weights(self, layer):
        return gru.Weights(*arrays_of(layer))

    def test_reset_after_equals_torch(self):
        layer = layer_of(nn.GRU)
        weights = self.weights(layer)
        x, h, _, gradient, _ = drawn()
        outputs, (d_x, d_h, d_wx, d_wh, d_bx, d_bh) = differentiated(layer, x, [h], gradient)
        gates = gru.forward(x, h, weights, reset_after=True)
        assert_close(gates.hidden, outputs)
        found = gru.backward(gradient, x, h, gates, weights, reset_after=True)
        for mine, theirs in ((found.inputs, d_x), (found.hidden, d_h), (found.weights.input_weight, d_wx),
                             (found.weights.recurrent_weight, d_wh), (found.weights.bias, d_bx),
                             (found.weights.recurrent_bias, d_bh)):  # fmt: skip
            assert_close(mine, theirs)

    def lecture_in_torch(self, x, h, w_x, w_h, b):
        """The lecture's four lines, as they stand."""
        w_xr, w_xz, w_xh = w_x.chunk(3)
        w_hr, w_hz, w_hh = w_h.chunk(3)
        b_r, b_z, b_h = b.chunk(3)
        states = []
        for row in x:
            r = torch.sigmoid(row @ w_xr.T + h @ w_hr.T + b_r)
            z = torch.sigmoid(row @ w_xz.T + h @ w_hz.T + b_z)
            candidate = torch.tanh(row @ w_xh.T + (r * h) @ w_hh.T + b_h)
            h = z * h + (1 - z) * candidate
            states.append(h)
        return states

    def test_reset_before_equals_the_lecture(self):
        w_x, w_h, b, _ = arrays_of(layer_of(nn.GRU))
        x, h, _, gradient, _ = drawn()
        leaves = [torch.tensor(part, requires_grad=True) for part in (x, h, w_x, w_h, b)]
        states = self.lecture_in_torch(*leaves)
        loss = (torch.stack(states) * torch.tensor(gradient)).sum()
        expected = [slope.numpy() for slope in torch.autograd.grad(loss, [*leaves, *states])]
        weights = gru.Weights(w_x, w_h, b, np.zeros_like(b))
        gates = gru.forward(x, h, weights)
        assert_close(gates.hidden, torch.stack(states).detach().numpy())
        found = gru.backward(gradient, x, h, gates, weights)
        mine = (found.inputs, found.hidden, found.weights.input_weight, found.weights.recurrent_weight,
                found.weights.bias)  # fmt: skip
        for ours, theirs in zip(mine, expected[:5], strict=True):
            assert_close(ours, theirs)
        assert_close(found.hiddens, np.stack(expected[5:]))

    def test_the_two_forms_differ(self):
        """E15; on random weights by more than a hundredth, and not at all where the reset gate is open."""
        weights = self.weights(layer_of(nn.GRU))
        x, h, *_ = drawn()
        before, after = (gru.forward(x, h, weights, reset_after=form).hidden for form in (False, True))
        assert np.abs(before - after).max() > 1e-2
        bias = weights.bias.copy()
        bias[:UNITS] = 1e3
        wide_open = gru.Weights(weights.input_weight, weights.recurrent_weight, bias, weights.recurrent_bias)
        before, after = (gru.forward(x, h, wide_open, reset_after=form).hidden for form in (False, True))
        assert_close(before, after)

    def test_z_is_the_share_of_the_old_state(self):
        keep = gru.Weights(
            np.zeros((3 * UNITS, FEATURES)), np.zeros((3 * UNITS, UNITS)),
            np.concatenate((np.zeros(UNITS), np.full(UNITS, 1e3), np.zeros(UNITS))), np.zeros(3 * UNITS),
        )  # fmt: skip
        x, h, *_ = drawn()
        assert np.array_equal(gru.forward(x, h, keep).hidden[-1], h)

    @pytest.mark.parametrize("reset_after", [False, True])
    def test_difference_quotients(self, reset_after):
        x, h, _, gradient, _ = drawn()
        weights = self.weights(layer_of(nn.GRU))
        gates = gru.forward(x, h, weights, reset_after=reset_after)
        found = gru.backward(gradient, x, h, gates, weights, reset_after=reset_after)

        def loss(moved):
            changed = gru.Weights(weights.input_weight, weights.recurrent_weight, weights.bias, moved)
            return (gru.forward(x, h, changed, reset_after=reset_after).hidden * gradient).sum()

        for entry in range(3 * UNITS):
            slope = difference_quotient(loss, weights.recurrent_bias, entry)
            assert found.weights.recurrent_bias[entry] == pytest.approx(slope, abs=1e-7)


@pytest.mark.parametrize(("kind", "gates"), [(nn.RNN, 1), (nn.GRU, 3), (nn.LSTM, 4)])
@pytest.mark.parametrize(("features", "units"), [(65, 128), (5, 4), (1, 1)])
def test_parameters_are_those_of_torch(kind, gates, features, units):
    def count(**options):
        layer = kind(features, units, device="meta", **options)
        return sum(weight.numel() for weight in layer.parameters())

    assert recurrent.parameters(features, units, gates=gates, biases=2) == count()
    assert recurrent.parameters(features, units, gates=gates, biases=0) == count(bias=False)


def test_parameters_of_the_fact_sheet():
    assert recurrent.parameters(5, 4, gates=4, biases=0) == 144
    assert [recurrent.parameters(65, 128, gates=gates, biases=2) for gates in (1, 4, 3)] == [24_960, 99_840, 74_880]
    assert recurrent.parameters(7, 3, gates=3, biases=1) == 3 * 3 * (7 + 3 + 1)
