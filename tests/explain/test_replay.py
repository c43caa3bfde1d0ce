"""A training step by hand agrees with torch, refuses what it cannot do, and notices what is wrong."""

import dataclasses
import re
import unittest.mock

import pytest
import torch
from torch import nn
from torch.nn import functional

from layerwise.catalog import entries, find
from layerwise.config import Train
from layerwise.errors import LayerwiseError
from layerwise.explain.replay import replay_next, replay_step
from layerwise.explain.replay.memory import remembered
from layerwise.explain.subject import ExampleLoss
from layerwise.explain.trace import record
from layerwise.models import build
from layerwise.tasks.classify import Classify
from layerwise.tasks.contract import Batch, ClosedForm, LossResult, MakesBatches
from layerwise.training.loop import train
from layerwise.training.state import Learner, Plan, prepare

OPTIMIZERS = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw")


def batch_for(inputs, classes, count=12):
    shape = (inputs,) if isinstance(inputs, int) else inputs
    return Batch(torch.randn(count, *shape), torch.randint(0, classes, (count,)), torch.arange(count))


def learner_for(name, options=None):
    torch.manual_seed(3)
    entry = entries("model")[name]
    small = {**entry.facts["small"], **(options or {})}
    inputs, outputs = small.pop("inputs"), small.pop("outputs")
    model = build(name, inputs, outputs, small)
    kind = entry.facts["task"].split()[0]
    if kind in ("classify", "regress"):
        return ExampleLoss(model, Classify(tuple(str(place) for place in range(outputs)))), batch_for(inputs, outputs)
    task = find("task", kind)(**entries("task")[kind].facts["small"])
    examples = task.sample(inputs, 12, torch.Generator().manual_seed(4))
    rows = torch.arange(len(examples))
    if isinstance(task, MakesBatches):
        return ExampleLoss(model, task), task.make(model, examples, rows, None, seed=0, epoch=0)[0]
    return ExampleLoss(model, task), examples.batch(rows)


def learned_by_gradients(name):
    small = dict(entries("model")[name].facts["small"])
    return not isinstance(build(name, small.pop("inputs"), small.pop("outputs"), small), ClosedForm)


def forms():
    learned = [name for name in entries("model") if learned_by_gradients(name)]
    cases = [(name, {}) for name in learned]
    cases += [("lenet5", {"form": form}) for form in ("modern", "paper")]
    cases += [("mlp", {"activation": kind}) for kind in ("sigmoid", "scaled-tanh", "relu", "leaky-relu", "elu")]
    cases += [("mlp", {"dropout": 0.4, "batch_norm": True, "activation": "relu"})]
    cases += [("char-lstm", {"cell": cell, "dropout": 0.3, "embedding": 3}) for cell in ("lstm", "gru", "rnn")]
    cases += [("seq2seq", {"attention": False})]
    cases += [("rbm", {"sampling": sampling, "gibbs_steps": 3}) for sampling in ("cd", "persistent")]
    return cases + [("mlp", {"output": "sigmoid", "error": error}) for error in ("cross-entropy", "squared-error")]


class Own(nn.Module):
    """A user's network: batch norm, dropout, LRN, every pooling, a branch that is joined again, shapes moved about."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 6, (3, 5), stride=(1, 2), padding=(1, 2), groups=2)
        self.norm = nn.BatchNorm2d(6)
        self.dilated = nn.Conv2d(6, 6, 3, padding="same", dilation=2)
        self.fc = nn.Linear(24, 8)
        self.norm1 = nn.BatchNorm1d(8, affine=False)
        self.out = nn.Parameter(torch.randn(8, 3))
        self.dropout = nn.Dropout(0.3)

    def forward(self, inputs):
        first = functional.relu(self.norm(self.conv(inputs)))
        joined = first + torch.tanh(self.dilated(functional.local_response_norm(first, 3)))
        parts = torch.cat((functional.max_pool2d(joined, 2), functional.avg_pool2d(joined, 2)), dim=1)
        small = functional.lp_pool2d(parts + 0.1, 2, 2).permute(0, 2, 3, 1).reshape(len(inputs), -1)
        hidden = self.dropout(functional.leaky_relu(self.norm1(self.fc(small)), 0.1))
        return hidden @ self.out


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize(("name", "options"), forms(), ids=str)
def test_every_gradient_model_replays(name, options, precision):
    learner, batch = learner_for(name, options)
    replay = replay_step(learner, batch, Train(), precision=precision)
    assert replay.ok, str(replay)
    assert len(replay.rows) == len(list(learner.parameters()))
    tolerance = 1e-10 if precision == "float64" else 1e-5
    assert max(max(row.gradient_error, row.update_error) for row in replay.rows) <= tolerance
    assert replay.loss_error <= tolerance * max(1, abs(replay.loss))


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_own_module_with_every_optimizer(optimizer, precision):
    torch.manual_seed(0)
    learner = ExampleLoss(Own(), Classify(("a", "b", "c")))
    train = Train(optimizer=optimizer, weight_decay=0.01, clip_norm=0.5, learning_rate=0.01)
    replay = replay_step(learner, batch_for((2, 8, 8), 3), train, precision=precision)
    assert replay.ok, str(replay)
    # only a few entries may lean on torch's gradient, and none in float64 but those of a sum that is 0
    entries_in_all = sum(weight.numel() for weight in learner.parameters())
    assert sum(row.swapped for row in replay.rows) <= 0.1 * entries_in_all


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("corrupt", ["update", "term"])
@pytest.mark.parametrize(("name", "options"), forms(), ids=str)
def test_corruption_is_noticed(name, options, corrupt, precision):
    learner, batch = learner_for(name, options)
    # the perceptron's gradient is 0 for examples on the right side; this batch has some on the wrong one
    assert not replay_step(learner, batch, Train(), precision=precision, corrupt=corrupt).ok


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_omitted_update_is_noticed_for_every_optimizer(optimizer):
    learner, batch = learner_for("mlp")
    replay = replay_step(learner, batch, Train(optimizer=optimizer), corrupt="update")
    assert not any(row.ok for row in replay.rows)


def test_update_is_torch_optim_on_a_plain_copy():
    """The reference side itself: one step of torch.optim on a copy changes the weights by what the replay compares."""
    torch.manual_seed(0)
    learner = ExampleLoss(nn.Linear(3, 2), Classify(("a", "b")))
    batch = batch_for(3, 2)
    before = [weight.detach().clone() for weight in learner.parameters()]
    replay = replay_step(learner, batch, Train(optimizer="sgd", learning_rate=0.5))
    assert all(torch.equal(weight, old) for weight, old in zip(learner.parameters(), before, strict=True))
    result = learner(batch)
    slopes = torch.autograd.grad(result.total / result.count, list(learner.parameters()))
    assert replay.rows[0].largest_gradient == pytest.approx(slopes[0].abs().max().item(), rel=1e-5)


class Refused(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.fc = nn.Linear(4, 3)
        self.function = function

    def forward(self, inputs):
        return self.function(self.fc(inputs))


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("fft", lambda values: torch.fft.fft(values).real),
        ("erf", lambda values: torch.erf(values)),
        ("cumsum", lambda values: values.cumsum(1)),
        ("gelu", lambda values: functional.gelu(values)),
    ],
)
def test_unknown_operation_is_refused_by_name_and_line(name, function):
    learner = ExampleLoss(Refused(function), Classify(("a", "b", "c")))
    with pytest.raises(LayerwiseError) as caught:
        replay_step(learner, batch_for(4, 3), Train())
    line = function.__code__.co_firstlineno
    assert re.search(rf"\b{name}\w* at test_replay\.py:{line}\b", caught.value.found), caught.value.found


def test_known_operation_with_unknown_arguments_is_refused():
    learner = ExampleLoss(Refused(lambda values: functional.softmax(values, 1)), Classify(("a", "b", "c")))
    assert replay_step(learner, batch_for(4, 3), Train()).ok
    pooled = Refused(lambda values: functional.max_pool2d(values[:, None, None], (1, 1), dilation=2)[:, 0, 0])
    with pytest.raises(LayerwiseError, match="max_pool2d"):
        replay_step(ExampleLoss(pooled, Classify(("a", "b", "c"))), batch_for(4, 3), Train())


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(context, values):
        return values.detach() * 2

    @staticmethod
    def backward(context, slope):
        return slope * 2


def test_hidden_operation_is_refused():
    """A function with a gradient of its own computes where no one can see it."""
    learner = ExampleLoss(Refused(lambda values: Doubled.apply(values) + 1), Classify(("a", "b", "c")))
    with pytest.raises(LayerwiseError, match="every operation"):
        replay_step(learner, batch_for(4, 3), Train())


def test_stale_name_of_memory_is_refused():
    def change(values):
        row = values.view(-1)
        values.mul_(2)
        return values + row.view_as(values)

    with pytest.raises(LayerwiseError, match="every operation"):
        replay_step(ExampleLoss(Refused(change), Classify(("a", "b", "c"))), batch_for(4, 3), Train())


def test_in_place_operations_replay():
    network = nn.Sequential(nn.Linear(4, 6), nn.Dropout(0.5, inplace=True), nn.ReLU(inplace=True), nn.Linear(6, 3))
    assert replay_step(ExampleLoss(network, Classify(("a", "b", "c"))), batch_for(4, 3), Train()).ok


def test_masks_are_those_of_the_seed():
    torch.manual_seed(5)
    expected = functional.dropout(torch.ones(12, 6), 0.5)
    network = nn.Sequential(nn.Dropout(0.5), nn.Linear(6, 3))
    batch = Batch(torch.ones(12, 6), torch.zeros(12, dtype=torch.int64), torch.arange(12))
    torch.manual_seed(5)
    trace = record(ExampleLoss(network, Classify(("a", "b", "c"))), batch)
    assert (torch.from_numpy(trace.operations[0].arguments[1]) == (expected != 0)).all()


def test_random_states_modes_and_statistics_stay():
    learner = ExampleLoss(Own(), Classify(("a", "b", "c"))).eval()
    before = {name: value.clone() for name, value in learner.state_dict().items()}
    batch = batch_for((2, 8, 8), 3)
    state = torch.get_rng_state()
    replay_step(learner, batch, Train())
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in learner.state_dict().items())
    assert not any(module.training for module in learner.modules())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in learner.modules())


ELEMENTWISE = {
    "exp": lambda x: torch.exp(x),
    "log": lambda x: torch.log(x.square() + 1),
    "sqrt": lambda x: (x * x + 0.5).sqrt(),
    "abs": lambda x: x.abs(),
    "pow": lambda x: x**3 - (2 - x) / (x.pow(2) + 1),
    "rdiv": lambda x: 1 / (x.square() + 2) - 3,
    "neg": lambda x: -x,
    "clamp": lambda x: x.clamp(-0.3, 0.4) + torch.clamp(x, min=0),
    "where": lambda x: torch.where(x > 0, x, 0.1 * x),
    "maximum": lambda x: torch.maximum(x, 0.2 * x),
    "minimum": lambda x: torch.minimum(x, 0.2 * x),
    "mean": lambda x: x - x.mean(dim=1, keepdim=True) + x.mean(),
    "sum": lambda x: x / (x.square().sum(1, keepdim=True) + 1),
    "amax": lambda x: x - x.amax(dim=1, keepdim=True),
    "max": lambda x: x * x.max(dim=1, keepdim=True).values + x.max(),
    "logsumexp": lambda x: x * x.logsumexp(dim=1, keepdim=True) + torch.logsumexp(x, dim=(0, 1)),
    "log_softmax": lambda x: functional.log_softmax(x, dim=1),
    "softmax0": lambda x: functional.softmax(x, dim=0),
    "cat": lambda x: torch.cat((x[:, 2:], x[:, :1], x[:, 1:2]), dim=1),
    "stack": lambda x: torch.stack((x, x * x), dim=2).sum(2),
    "getitem": lambda x: x[:, [0, 0, 1]] + x[:, 1][:, None],
    "gather": lambda x: x.gather(1, torch.tensor([[0, 1, 1]]).expand(len(x), 3)) * x,
    "squeeze": lambda x: x.unsqueeze(1).squeeze(1) * x.unsqueeze(0).squeeze(),
    "transpose": lambda x: x.t().transpose(0, 1) + x.T.T + x.permute(1, 0).permute(1, 0),
    "expand": lambda x: x[:, :1].expand(-1, 3) * x + x[:, :1].expand_as(x),
    "matmul": lambda x: (x @ x.T) @ x,
    "matmul vector": lambda x: x * (x @ x[0])[:, None],
    "matmul batch": lambda x: (x[:, None, :] @ x[:, :, None])[:, 0] * x,
    "detach": lambda x: x * x.detach(),
    "no_grad": lambda x: x * scaled(x),
    "to": lambda x: x * (x > 0).to(x.dtype) + (x * (x < 0)),
    "one_hot": lambda x: x * functional.one_hot(x.argmax(1), 3),
    "pad": lambda x: functional.pad(x, (1, 2))[:, 1:4] + functional.pad(x, (0, 0, 1, 0))[1:],
    "adaptive": lambda x: functional.adaptive_avg_pool2d(x[:, None, :, None].expand(-1, 2, 3, 2), (3, 1))[:, 0, :, 0],
    "elu": lambda x: functional.elu(x, 0.7) + torch.sigmoid(x) + torch.tanh(x),
    "in place": lambda x: (x * 1).add_(1).mul_(x.detach()),
    "noise": lambda x: x + torch.randn_like(x) * x,
    "logic": lambda x: x * ((x > 0) & (x < 1) | ~(x >= -1)),
}


def scaled(values):
    with torch.no_grad():
        return values * 2


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_operations_against_autograd(name):
    torch.manual_seed(1)
    learner = ExampleLoss(Refused(ELEMENTWISE[name]), Classify(("a", "b", "c")))
    replay = replay_step(learner, batch_for(4, 3), Train(optimizer="sgd"))
    assert replay.ok, str(replay)
    assert replay.rows[0].largest_gradient > 0


class WithLoss(nn.Module):
    def __init__(self, loss):
        super().__init__()
        self.fc = nn.Linear(4, 3)
        self.own = loss

    def forward(self, batch, state=None):
        output = self.fc(batch.inputs)
        total = self.own(output, batch)
        return LossResult(total, float(len(output)), output)


LOSSES = {
    "mse none": lambda y, b: functional.mse_loss(y, b.inputs[:, :3], reduction="none").sum(),
    "mse mean": lambda y, b: functional.mse_loss(y, b.inputs[:, :3]),
    "mse sum": lambda y, b: functional.mse_loss(y, b.inputs[:, :3], reduction="sum"),
    "l1": lambda y, b: functional.l1_loss(y, b.inputs[:, :3], reduction="sum"),
    "cross mean": lambda y, b: functional.cross_entropy(y, b.targets),
    "cross none": lambda y, b: functional.cross_entropy(y, b.targets, reduction="none").square().sum(),
    "nll": lambda y, b: functional.nll_loss(functional.log_softmax(y, 1), b.targets, reduction="sum"),
    "bce": lambda y, b: functional.binary_cross_entropy(torch.sigmoid(y), torch.sigmoid(b.inputs[:, :3])),
    "bce logits": lambda y, b: functional.binary_cross_entropy_with_logits(y, torch.sigmoid(b.inputs[:, :3])),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses_against_autograd(name):
    torch.manual_seed(1)
    assert replay_step(WithLoss(LOSSES[name]), batch_for(4, 3), Train(optimizer="sgd")).ok


def test_weights_of_examples_replay():
    torch.manual_seed(1)
    batch = batch_for(4, 3)
    weighted = Batch(batch.inputs, batch.targets, batch.rows, torch.rand(12))
    assert replay_step(ExampleLoss(nn.Linear(4, 3), Classify(("a", "b", "c"))), weighted, Train()).ok


def test_bias_before_batch_norm_is_zero_up_to_rounding():
    torch.manual_seed(1)
    network = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 3))
    replay = replay_step(ExampleLoss(network, Classify(("a", "b", "c"))), batch_for(4, 3, 64), Train())
    assert replay.ok
    assert [row.name for row in replay.rows if row.zero] == ["0.bias"]


def test_frozen_parameters_have_no_row():
    network = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    network[0].requires_grad_(False)
    replay = replay_step(ExampleLoss(network, Classify(("a", "b", "c"))), batch_for(4, 3), Train())
    assert replay.ok
    assert [row.name for row in replay.rows] == ["2.weight", "2.bias"]


def test_text_and_html_say_how_it_came_out():
    learner, batch = learner_for("64-2-3")
    replay = replay_step(learner, batch, Train(optimizer="momentum"))
    assert "all 4 parameters" in str(replay)
    assert "hidden.weight" in replay.to_html()
    assert "<script" not in replay.to_html()
    wrong = replay_step(learner, batch, Train(), corrupt="term")
    assert "DISAGREE" in str(wrong)
    assert "badge wrong" in wrong.to_html()


def test_lenet_at_batch_64_is_quick():
    import time

    torch.manual_seed(0)
    learner = ExampleLoss(build("lenet5", (1, 32, 32), 10), Classify(tuple("0123456789")))
    batch = batch_for((1, 32, 32), 10, 64)
    began = time.perf_counter()
    assert replay_step(learner, batch, Train()).ok
    assert time.perf_counter() - began < 10


def test_gradient_that_cancels_is_zero_on_both_sides():
    learner = ExampleLoss(Refused(lambda values: values[:, [0, 0, 0]]), Classify(("a", "b", "c")))
    replay = replay_step(learner, batch_for(4, 3), Train())
    assert replay.ok
    assert all(row.zero for row in replay.rows)


@pytest.mark.parametrize("name", ["mlp", "perceptron"])
def test_the_learner_of_the_training_loop_replays(name):
    stand_in, batch = learner_for(name)
    assert replay_step(Learner(stand_in.model, stand_in.task, Plan("cpu", 1)), batch, Train()).ok


class Recurrent(nn.Module):
    """A user's recurrent network in other ways: both directions, cells called one by one, chunks, the last state."""

    def __init__(self, kind):
        super().__init__()
        self.embedding = nn.Embedding(7, 3, padding_idx=0)
        self.both = kind(3, 4, num_layers=2, bidirectional=True, dropout=0.4)
        self.cell = nn.LSTMCell(8, 5)
        self.plain = nn.RNNCell(5, 4, nonlinearity="relu", bias=False)
        self.gates = nn.Linear(4, 6)
        self.out = nn.Linear(8, 3)

    def forward(self, tokens):
        outputs, last = self.both(self.embedding(tokens).transpose(0, 1))
        state, hidden = None, outputs.new_zeros(len(tokens), 4)
        for row in outputs.unbind(0):
            state = self.cell(row, state)
            hidden = self.plain(state[0], hidden)
        left, right = self.gates(hidden).chunk(2, dim=1)
        cells = last[1] if isinstance(last, tuple) else last
        mixed = torch.cat((torch.sigmoid(left) * torch.tanh(right), cells[-1], state[1][:, :1]), dim=1)
        return self.out(mixed)


def tokens(count=5, steps=6):
    torch.manual_seed(8)
    inputs = torch.randint(0, 7, (count, steps))
    return Batch(inputs, torch.randint(0, 3, (count,)), torch.arange(count))


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_recurrent_layers_of_every_form_replay(kind, precision):
    torch.manual_seed(7)
    learner = ExampleLoss(Recurrent(kind), Classify(("a", "b", "c")))
    replay = replay_step(learner, tokens(), Train(optimizer="rmsprop", smoothing=0.95), precision=precision)
    assert replay.ok, str(replay)
    names = {line.name for line in replay.lines}
    assert {"embedding", "lstm_cell", "rnn_relu_cell", "chunk", "unbind"} <= names
    for corrupt in ("update", "term"):
        assert not replay_step(learner, tokens(), Train(), precision=precision, corrupt=corrupt).ok


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_masks_between_layers_are_those_of_torch(kind, batch_first):
    """The noted stack, layer by layer, gives what the one call of torch gives from the same seed."""
    torch.manual_seed(0)
    layer = kind(3, 4, num_layers=3, dropout=0.5, batch_first=batch_first, bidirectional=True)
    inputs = torch.randn(6, 5, 3)
    torch.manual_seed(1)
    expected, _ = layer(inputs)

    class Sum(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = layer

        def forward(self, batch, state):
            output, _ = self.layer(batch.inputs)
            return LossResult(output.sum(), 1.0, output)

    torch.manual_seed(1)
    trace = record(Sum(), Batch(inputs, torch.zeros(6), torch.arange(6)))
    assert torch.allclose(trace.result.output, expected, atol=1e-6)
    assert [each.name for each in trace.operations].count("dropout") == 2


def test_packed_sequences_and_projections_are_refused():
    class Packed(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.GRU(4, 3)

        def forward(self, inputs):
            packed = nn.utils.rnn.pack_padded_sequence(inputs[None].transpose(0, 1), [len(inputs)])
            return self.layer(packed)[1][0].expand(len(inputs), 3)

    class Projected(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.LSTM(4, 5, proj_size=3)

        def forward(self, inputs):
            return self.layer(inputs[None])[0][0]

    for network in (Packed(), Projected()):
        with pytest.raises(LayerwiseError, match="table only"):
            replay_step(ExampleLoss(network, Classify(("a", "b", "c"))), batch_for(4, 3), Train())


def language_state(optimizer, *, clip_norm=0.0, clip_value=0.0, cell="lstm"):
    """A small character network with a text of 200 symbols, before its first update."""
    torch.manual_seed(5)
    task = find("task", "language")(("a", "b", "c", "d"))
    examples = task.sample(6, 25, torch.Generator().manual_seed(2))
    settings = Train(optimizer=optimizer, smoothing=0.95, clip_norm=clip_norm, clip_value=clip_value, momentum=0.8,
                     learning_rate=0.01, epochs=3, batch_size=4, weight_decay=0.001)  # fmt: skip
    network = build("char-lstm", 6, 4, {"hidden_units": 6, "cell": cell, "dropout": 0.3})
    return prepare(network, task, examples, settings, Plan("cpu", 1))


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_any_update_replays_with_memory_and_carried_state(optimizer, precision):
    """The optimiser remembers, and the hidden states of the passages before are carried: update 1, 2, 5 and 9."""
    state = language_state(optimizer)
    steps = train(state)
    done = 0
    for number in (1, 2, 5, 9):
        for _ in range(number - 1 - done):
            next(steps)
        done = number - 1
        before = [weight.detach().clone() for weight in state.learner.parameters()]
        replay = replay_next(state, precision=precision)
        assert replay.ok, str(replay)
        assert replay.number == number
        assert str(number) in str(replay).splitlines()[0]
        assert all(torch.equal(old, new) for old, new in zip(before, state.learner.parameters(), strict=True))
        for corrupt in ("update", "term"):
            assert not replay_next(state, precision=precision, corrupt=corrupt).ok


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_persistent_chains_go_on_in_the_replay(precision):
    """Updates 1, 2 and 4 of a machine whose chains are carried; from other chains it is another step."""
    torch.manual_seed(5)
    task = find("task", "density")(6)
    examples = task.sample(6, 20, torch.Generator().manual_seed(2))
    network = build("rbm", 6, 0, {"hidden_units": 4, "sampling": "persistent", "weight_deviation": 1.0})
    settings = Train(optimizer="momentum", learning_rate=0.1, epochs=3, batch_size=8)
    state = prepare(network, task, examples, settings, Plan("cpu", 1))
    steps = train(state)
    for number in (1, 2, 3, 4):
        replay = replay_next(state, precision=precision)
        assert replay.ok, str(replay)
        assert not replay_next(state, precision=precision, corrupt="term").ok
        next(steps)
        assert replay.number == number
    torch.manual_seed(0)
    true = replay_next(state)
    state.carried = {"hidden": 1 - state.carried["hidden"]}
    torch.manual_seed(0)
    assert abs(replay_next(state).loss - true.loss) > 1e-3


def test_the_replayed_update_is_the_one_that_the_loop_makes():
    """Weights after the loop's own step, against the replay's rows: the largest update is the same."""
    state = language_state("rmsprop", clip_value=0.02)
    steps = train(state)
    for _ in range(4):
        next(steps)
    torch.manual_seed(9)
    replay = replay_next(state, precision="float32")
    before = {name: weight.detach().clone() for name, weight in state.learner.model.named_parameters()}
    torch.manual_seed(9)
    step = next(steps)
    assert replay.ok
    assert replay.loss == pytest.approx(float(step.result.total.detach() / step.result.count), rel=1e-5)
    assert {row.name for row in replay.rows} == set(before)
    assert all(not torch.equal(before[name], weight) for name, weight in state.learner.model.named_parameters())


def test_without_the_memory_or_the_carried_state_the_replay_is_of_another_step():
    state = language_state("rmsprop")
    for step, _ in zip(train(state), range(5), strict=False):
        last = step
    assert last.number == 5
    batch = state.batch(state.batches()[state.position])
    settings = dataclasses.replace(state.settings, learning_rate=state.schedule.rate(state.step))
    torch.manual_seed(0)
    true = replay_next(state)
    torch.manual_seed(0)
    forgotten = replay_step(state.learner, batch, settings)
    assert abs(true.loss - forgotten.loss) > 1e-6
    memory = remembered(state.optimizer, state.learner)
    spoiled = {
        name: {key: value * 1.01 if key == "square_avg" else value for key, value in entry.items()}
        for name, entry in memory.items()
    }
    by_hand_only = unittest.mock.patch("layerwise.explain.replay.step.by_hand", return_value=None)
    with by_hand_only:
        assert not replay_next(state).ok
    assert replay_step(state.learner, batch, settings, memory=spoiled, state=state.carried).ok


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("clip", [{"clip_norm": 0.05}, {"clip_value": 0.01}, {"clip_norm": 0.2, "clip_value": 0.01}])
def test_clipping_by_length_and_by_value_replays(clip, precision):
    state = language_state("sgd", **clip)
    replay = replay_next(state, precision=precision)
    assert replay.ok, str(replay)
    assert "Clipping" in str(replay)
    without = unittest.mock.patch("layerwise.byhand.optimizers.clip_by_norm", lambda slopes, limit: (slopes, 0.0))
    and_without = unittest.mock.patch("layerwise.byhand.optimizers.clip_by_value", lambda slopes, limit: slopes)
    with without, and_without:
        assert not replay_next(state, precision=precision).ok


def test_no_update_is_left_at_the_end():
    state = language_state("adam")
    for _ in train(state):
        pass
    with pytest.raises(LayerwiseError, match="another update"):
        replay_next(state)


def test_what_no_parameter_has_a_part_in_is_data():
    """Finding places among the targets is preparation; the same operation on what the network computed is refused."""

    class Sorted(nn.Module):
        def __init__(self, own):
            super().__init__()
            self.fc, self.own = nn.Linear(4, 3), own

        def forward(self, batch, state):
            output = self.fc(batch.inputs)
            order = (output if self.own else batch.inputs).cumsum(1)[:, :3].detach()
            return LossResult((output * order).sum(), 1.0, output)

    batch = batch_for(4, 3)
    assert replay_step(Sorted(False), batch, Train()).ok
    with pytest.raises(LayerwiseError, match="cumsum"):
        replay_step(Sorted(True), batch, Train())
