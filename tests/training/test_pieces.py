"""A batch in pieces has the gradient of the whole batch, whatever is masked, weighted, ragged or carried in it."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from layerwise.catalog import entries, find
from layerwise.config import Train
from layerwise.models import build
from layerwise.tasks.classify import Classify
from layerwise.training.loop import train
from layerwise.training.state import Plan, prepare

WEIGHTS = torch.tensor([1.0, 0.0, 2.5, 1.0, 0.5, 3.0, 1.0, 1.0, 0.25, 1.0, 1.0]).double()


def small(name, options):
    facts = {**entries("model")[name].facts["small"], **options}
    inputs, outputs = facts.pop("inputs"), facts.pop("outputs")
    kind = entries("model")[name].facts["task"].split()[0]
    task = Classify(tuple(map(str, range(outputs)))) if kind == "classify" else (
        find("task", kind)(**entries("task")[kind].facts["small"])
    )  # fmt: skip
    torch.manual_seed(3)
    network = build(name, inputs, outputs, facts).double()
    for module in list(network.modules()):
        # Statistics of a piece are not those of the batch; what is asked here is the loss.
        for part, child in list(module.named_children()):
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, part, nn.Identity())
    return network, task, inputs


def in_double(examples):
    if isinstance(examples.inputs, torch.Tensor) and examples.inputs.is_floating_point():
        examples = replace(examples, inputs=examples.inputs.double())
    if isinstance(examples.targets, torch.Tensor) and examples.targets.is_floating_point():
        examples = replace(examples, targets=examples.targets.double())
    return examples


def learned(name, options, pieces, weighted):
    """Return the weights after two updates of 11 examples, the second with what the first carried over."""
    network, task, inputs = small(name, options)
    examples = in_double(task.sample(inputs, 22, torch.Generator().manual_seed(1)))
    if weighted:
        examples = replace(examples, weights=WEIGHTS.repeat(2)[: len(examples)])
    settings = Train(optimizer="sgd", learning_rate=0.1, batch_size=11, epochs=1, accumulate=pieces)
    state = prepare(network, task, examples, settings, Plan("cpu", 1))
    results = [step.result for step, _ in zip(train(state), range(2), strict=False)]
    means = [float((result.total / result.count).detach()) for result in results]
    return [parameter.detach().clone() for parameter in network.parameters()], means


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize(("name", "options"), [
    ("mlp", {}),
    ("seq2seq", {}),
    ("seq2seq", {"attention": False}),
    ("char-lstm", {}),
    ("grid-detector", {}),
    ("fcn-small", {}),
], ids=str)  # fmt: skip
def test_pieces_learn_what_the_whole_batch_does(name, options, weighted):
    whole, losses = learned(name, options, 1, weighted)
    parts, other = learned(name, options, 4, weighted)
    assert losses == pytest.approx(other, rel=1e-12)
    for one, another in zip(whole, parts, strict=True):
        torch.testing.assert_close(one, another, rtol=0, atol=1e-12)
    unlike, _ = learned(name, options, 1, not weighted)
    assert any(not torch.equal(one, another) for one, another in zip(whole, unlike, strict=True))
