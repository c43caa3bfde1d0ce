"""Reversal of 10 to 15 letters: attention solves it in 500 updates; one fixed vector, or a lost mask, does not."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from layerwise.config import Evaluate
from layerwise.data.tokens import PADDING
from layerwise.models.dictionary import dictionary
from layerwise.recipes import load_recipe
from layerwise.tasks.ragged import Ragged
from layerwise.workflow.prepare import prepare_data
from layerwise.workflow.start import start

RECIPE = load_recipe("reversal")


def learned(folder, *, attention, epochs):
    """Run the recipe, or its variant without attention, and return the run and its figures."""
    options = {**RECIPE.experiment.model.options, "attention": attention}
    whole = replace(RECIPE.experiment, model=replace(RECIPE.experiment.model, options=options))
    settings = {**RECIPE.settings, "seed": 0, "epochs": epochs}
    opened, _ = start(whole, settings, whole.load.data, run=str(folder))
    return opened, opened.folder.read("metrics.json")


@pytest.fixture(scope="module")
def attentive(tmp_path_factory):
    return learned(tmp_path_factory.mktemp("runs") / "attention", attention=True, epochs=4)


@pytest.fixture(scope="module")
def test_part():
    return prepare_data(RECIPE.experiment, "reversal")[0].examples["test"]


def exact(task, examples, answers):
    return task.measure(examples.truths, answers, Evaluate(), seed=0).metrics["exact_match"].value


def test_attention_solves_reversal_in_500_updates(attentive):
    opened, figures = attentive
    assert figures["part"] == "test"
    assert figures["metrics"]["exact_match"]["value"] >= 0.95
    assert figures["baselines"]["dictionary"]["exact_match"]["value"] <= 0.01
    assert len((opened.folder.path / "history.jsonl").read_text(encoding="utf-8").splitlines()) == 4


def test_one_fixed_vector_does_not(tmp_path):
    _, figures = learned(tmp_path / "fixed", attention=False, epochs=4)
    assert figures["metrics"]["exact_match"]["value"] <= 0.05


@pytest.mark.long
def test_one_fixed_vector_does_not_in_1500_updates_either(tmp_path):
    _, figures = learned(tmp_path / "fixed", attention=False, epochs=12)
    assert figures["metrics"]["exact_match"]["value"] <= 0.10


def padded(examples, more):
    """The same sequences, each read beside one that is `more` symbols longer than the longest."""
    longest = int(examples.inputs.lengths.max()) + more
    return functional.pad(examples.inputs[torch.arange(200)], (0, longest))[:, :longest]


def test_padding_changes_nothing_and_a_lost_mask_everything(attentive, test_part):
    """The network as it is answers the same with padding behind the input; one whose mask is lost no longer does."""
    opened, _ = attentive
    task, model = opened.task, opened.model.eval()
    some = replace(test_part, inputs=Ragged.of([test_part.inputs.item(row) for row in range(200)], PADDING),
                   targets=test_part.targets[torch.arange(200)], ids=test_part.ids[:200],
                   truths=test_part.truths[:200])  # fmt: skip
    right = task.answer(model, some)
    wide = padded(test_part, 20)
    with torch.inference_mode():
        same = [task.decoded(row) for row in model.write(wide, task.longest).tolist()]
        assert same == right.tolist()
        plain = model.remember
        model.remember = lambda inputs: plain(inputs)._replace(mask=torch.ones_like(inputs, dtype=torch.bool))
        lost = [task.decoded(row) for row in model.write(wide, task.longest).tolist()]
        # The same network whose backward direction begins at padding instead of the last symbol.
        model.remember = lambda inputs: plain(torch.where(inputs == PADDING, 1, inputs))
        begun_at_padding = [task.decoded(row) for row in model.write(wide, task.longest).tolist()]
        del model.remember
    truths = some.truths.tolist()
    assert exact(task, some, right) >= 0.9
    for answers in (lost, begun_at_padding):
        assert sum(one == other for one, other in zip(answers, truths, strict=True)) <= 100


def test_the_copy_of_the_input_is_no_reversal(test_part):
    prepared = prepare_data(RECIPE.experiment, "reversal")[0]
    model = dictionary(prepared.preprocessing.input_shape, prepared.task.outputs())
    model.fit(prepared.examples["train"])
    answers = prepared.task.answer(model, test_part)
    assert answers[0] == test_part.truths[0][::-1]
    assert exact(prepared.task, test_part, answers) <= 0.01
