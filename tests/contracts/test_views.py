"""Every registered view: it fits where it says so, its numbers verify, a wrong operand is noticed, no script runs."""

import dataclasses
import inspect
import re

import numpy as np
import pytest
import torch
from torch import nn

from layerwise.catalog import entries, find
from layerwise.errors import LayerwiseError
from layerwise.explain.open import ORDER, accepts, explain, fitting
from layerwise.explain.subject import Dealt, Ranked, Subject
from layerwise.explain.views.backpropagation import hidden_delta
from layerwise.language import use
from layerwise.models import build
from layerwise.tasks.classify import Classify
from layerwise.tasks.contract import Examples
from layerwise.tasks.density import Density
from layerwise.tasks.regress import Regress
from layerwise.tasks.translate import Translate

THREE = ("setosa", "versicolor", "부채붓꽃")


class Nothing(nn.Module):
    """A network without weights, for views that must decline."""

    def forward(self, inputs):
        return inputs.sum(dim=tuple(range(1, inputs.dim())))


def lenet():
    names = tuple("0123456789")
    model = build("lenet5", (1, 32, 32), 10)
    return Subject(model, torch.randn(1, 1, 32, 32), torch.tensor([3]), Classify(names), (), names, "digit 1")


def small_network(name, inputs, options=None):
    model = build(name, inputs, 3, options)
    shape = (inputs,) if isinstance(inputs, int) else inputs
    fields = ("length", "폭", "height", "weight") if inputs == 4 else ()
    return Subject(model, torch.randn(1, *shape), torch.tensor([1]), Classify(THREE), fields, THREE, "row 7")


def regression():
    task = Regress(("y",), (0.0,), (1.0,))
    return Subject(build("mlp", 4, 1, {"hidden": (6,)}), torch.randn(1, 4), torch.randn(1, 1), task)


def text_network(cell):
    """A character network on eight symbols: each of the four is read twice."""
    task = find("task", "language")(("a", "b", "c", "d"))
    network = build("char-lstm", 6, 4, {"cell": cell, "hidden_units": 6})
    inputs = torch.tensor([[2, 3, 4, 5, 3, 2, 5, 4]])
    targets = torch.tensor([[1, 2, 3, 1, 0, 3, 2, 0]])
    return Subject(network, inputs, targets, task, example_id="1", symbols=("a", "b", " ", "\n"))


def detector():
    """A small detector whose cells are all sure of something, so that boxes suppress one another."""
    task = find("task", "detect")(("circle", "square", "star"), 14.0, (32, 32))
    network = build("grid-detector", (3, 32, 32), 3, {"width": 4})
    torch.nn.init.constant_(network.cells.bias[:1], 1.0)
    torch.nn.init.normal_(network.cells.weight, std=0.5)
    boxes = torch.tensor([[[1.0, 3, 4, 15, 17], [0, 10, 12, 30, 31], [-1, -1, -1, -1, -1]]])
    return Subject(
        network, torch.randn(1, 3, 32, 32), boxes, task, (), task.classes, "test-1", truth="1 square, 1 circle"
    )


def segmenter():
    task = find("task", "segment")(THREE)
    network = build("fcn-small", (3, 13, 18), 3, {"maps": (4, 6, 8)})
    drawn = task.sample((3, 13, 18), 1, torch.Generator().manual_seed(1))
    return Subject(network, drawn.inputs, drawn.targets, task, (), THREE, "picture 1", truth="versicolor")


def player():
    """A player at the start of an episode."""
    task = find("task", "play")()
    drawn = task.sample((1, 10, 5), 1, torch.Generator().manual_seed(1))
    return Subject(build("dqn", (1, 10, 5), 3, {"hidden_units": 8}), drawn.inputs, None, task, example_id="episode 1")


def sequence_network():
    model, letters = build("seq2seq", 8, 10, {"hidden_units": 6, "embedding": 5}), tuple("abcdef")
    read, wanted = torch.tensor([[2, 5, 7, 3]]), torch.tensor([[5, 9, 7, 4, 3]])
    return Subject(
        model, read, wanted, Translate(letters, longest=5), example_id="row 1", symbols=letters, truth="bfda"
    )


def machine():
    model = build("rbm", (1, 8, 8), 0, {"hidden_units": 12, "weight_deviation": 0.3})
    return Subject(model, torch.rand(1, 1, 8, 8).round(), torch.zeros(1, 0), Density(64), example_id="digit 1")


def learner(name, options=None, outputs=3, inputs=4):
    """A learner that is solved at once, fitted on classes that lie apart, or on numbers."""
    drawn = torch.Generator().manual_seed(3)
    targets = torch.arange(60) % 3
    rows = torch.randn((60, inputs), generator=drawn) + 2 * torch.eye(3, inputs)[targets]
    numbers = outputs == 1
    wanted = rows[:, :1] * 2 + rows[:, 1:2] if numbers else targets
    model = build(name, inputs, outputs, options)
    model.fit(Examples(rows, wanted, ()))
    fields = ("length", "폭", "height", "weight")
    task = Regress(("y",), (0.0,), (1.0,)) if numbers else Classify(THREE)
    example = torch.tensor([[1.4, 1.1, 0.2, -0.3]])
    target = torch.zeros(1, 1) if numbers else torch.tensor([1])
    return Subject(model, example, target, task, fields, () if numbers else THREE, "row 7")


def edges():
    """Pictures of three patterns, described by their edges: upright bars, level bars, noise."""
    drawn = torch.Generator().manual_seed(5)
    targets = torch.arange(30) % 3
    pictures = 0.2 * torch.randn((30, 1, 12, 12), generator=drawn)
    pictures[targets == 0, :, :, ::4] += 1
    pictures[targets == 1, :, ::4] += 1
    model = build("hog-svm", (1, 12, 12), 3, {"cell_size": 4, "calibration_folds": 0})
    model.fit(Examples(pictures, targets, ()))
    return Subject(model, pictures[1:2] + 0.05, torch.tensor([1]), Classify(THREE), (), THREE, "picture 2")


def among_others():
    """An example that stands in the middle of forty others, some with equal scores."""
    model = build("mlp", 4, 2, {"hidden": (5,)})
    rows = torch.randn(40, 4)
    task = Classify(THREE[:2])
    scores = task.decode(model, model(rows))[:, 1].round(2)
    place = int(np.argsort(scores)[20])
    scores[place] = task.decode(model, model(rows[place : place + 1]))[0, 1]
    ranked = Ranked(1, scores, np.arange(40) % 2 == 1, place)
    return Subject(model, rows[place : place + 1], torch.tensor([1]), task, (), THREE[:2], "row 7", ranked=ranked)


def in_folds():
    """An example of a run of twelve rows in three folds, dealt twice."""
    folds = np.array([np.arange(12) % 3, np.arange(12) // 4])
    right = np.array([[1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1], [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 1]], dtype=float)
    each = np.array([[right[deal][folds[deal] == fold].mean() for fold in range(3)] for deal in range(2)])
    dealt = Dealt(folds, right, 4, each, float(right[0].mean()), 4.0, 8.0)
    return dataclasses.replace(small_network("mlp", 4, {"hidden": (5,)}), dealt=dealt)


SUBJECTS = {
    "in folds": in_folds,
    "ranked": among_others,
    "hog-svm": edges,
    "knn": lambda: learner("knn", {"k": 7}),
    "svm": lambda: learner("svm"),
    "svm with a radial kernel": lambda: learner("svm", {"kernel_function": "rbf", "gamma": 0.05}),
    "svm with a polynomial kernel": lambda: learner("svm", {"kernel_function": "polynomial", "offset": 1.0}),
    "tree": lambda: learner("tree"),
    "tree of numbers": lambda: learner("tree", {"depth": 4}, outputs=1),
    "threshold": lambda: learner("threshold"),
    "lenet5": lenet,
    "mlp": lambda: small_network("mlp", 4, {"hidden": (5, 4)}),
    "mlp on sigmoid units": lambda: small_network(
        "mlp", 4, {"hidden": (5,), "output": "sigmoid", "activation": "sigmoid"}
    ),
    "64-2-3": lambda: small_network("64-2-3", (1, 8, 8)),
    "sigmoid-unit": lambda: small_network("sigmoid-unit", 4),
    "scaled-tanh": lambda: small_network("mlp", 4, {"hidden": (5,), "activation": "scaled-tanh"}),
    "regression": regression,
    "rbm": machine,
    "dbn": lambda: small_network("dbn", (1, 8, 8), {"hidden": (12, 6), "weight_deviation": 0.3}),
    "dqn": player,
    "grid-detector": detector,
    "perceptron": lambda: small_network("perceptron", 4),
    "fcn-small": segmenter,
    "seq2seq": sequence_network,
    "char-lstm": lambda: text_network("lstm"),
    "char-lstm of GRUs": lambda: text_network("gru"),
    "char-lstm of plain units": lambda: text_network("rnn"),
}


def subject_for(name):
    torch.manual_seed(11)
    return SUBJECTS[name]()


def cases():
    return [(view, name) for name in SUBJECTS for view in fitting(subject_for(name))]


CASES = cases()


def test_every_view_fits_a_subject():
    assert {view for view, _ in CASES} == set(entries("view"))


@pytest.mark.parametrize("view", entries("view"))
def test_view_declines_where_it_does_not_fit(view):
    assert not accepts(Subject(Nothing(), torch.ones(1, 4)), view)
    assert view not in fitting(Subject(Nothing(), torch.ones(1, 4)))
    with pytest.raises(LayerwiseError, match=view):
        explain(Subject(Nothing(), torch.ones(1, 4)), view)


OWN = {
    "lenet5": ["softmax-cross-entropy"], "fcn-small": ["segmentation"], "grid-detector": ["detections"],
    "dqn": ["q-values"], "seq2seq": ["attention"], "rbm": ["rbm-filters", "reconstruction"],
    "knn": ["nearest-neighbours", "softmax-cross-entropy"], "svm": ["softmax-cross-entropy", "support-vectors"],
    "hog-svm": ["gradient-histograms", "softmax-cross-entropy"], "ranked": ["roc-point", "softmax-cross-entropy"],
    "in folds": ["softmax-cross-entropy", "folds"],
}  # fmt: skip
"""The views of the task itself."""


@pytest.mark.parametrize("name", SUBJECTS)
def test_views_of_the_task_come_first_then_from_the_layers_to_what_is_learned(name):
    subject = subject_for(name)
    views = fitting(subject)
    facts = [entries("view")[view].facts for view in views]
    own = [each.get("task") == subject.task.name for each in facts]
    assert views[: len(OWN.get(name, ()))] == OWN.get(name, [])
    assert own == sorted(own, reverse=True)
    for group in (True, False):
        places = [ORDER.index(each["opens"]) for each, mine in zip(facts, own, strict=True) if mine == group]
        assert places == sorted(places)


def test_a_network_without_a_task_is_opened_from_its_layers_on():
    subject = dataclasses.replace(subject_for("lenet5"), task=None)
    assert fitting(subject)[:2] == ["convolution-window", "unit-sum"]
    assert fitting(subject)[-1] == "layer-table"


@pytest.mark.parametrize("view", entries("view"))
def test_the_task_of_a_view_is_one_of_the_catalogue(view):
    assert set(entries("view")[view].facts.get("task", "").split()) <= set(entries("task"))


@pytest.mark.parametrize(("view", "name"), CASES)
def test_numbers_verify(view, name):
    checks = explain(subject_for(name), view).verify()
    assert checks
    assert all(check.ok for check in checks), [check for check in checks if not check.ok]


def telling(line, operand):
    """Return the places of an operand on which the line depends: not those that a zero is multiplied with."""
    value = np.asarray(line.operands[operand])
    if operand == "folds":
        # A wrong row that leaves its fold makes that fold better.
        return np.flatnonzero(line.operands["right"] == 0)
    if operand == "scores":
        # A score that falls below all others: of somebody who was counted, or of a positive.
        counted = line.operands.get("threshold")
        members = np.asarray(line.operands["members"]) > 0.5
        above = members & (value > value[~members].min())
        return np.flatnonzero(above if counted is None else value >= counted)
    for one, other in (("patch", "kernel"), ("weight", "inputs")):
        if {one, other} <= set(line.operands) and operand in (one, other):
            shapes = np.shape(line.operands[one]), np.shape(line.operands[other])
            if shapes[0][-1:] == shapes[1][-1:] and len(shapes[1]) <= 2 and len(shapes[0]) <= 2:
                product = np.atleast_2d(line.operands[one]) * np.atleast_2d(line.operands[other])
                if product.size == value.size:
                    return np.flatnonzero(product)
            elif shapes[0] == shapes[1]:
                return np.flatnonzero(np.asarray(line.operands[one]) * line.operands[other])
    return np.flatnonzero(value) if value.any() else np.arange(value.size)


@pytest.mark.parametrize(("view", "name"), CASES)
def test_one_wrong_operand_is_noticed(view, name):
    """Turn the sign of one entry of one operand and make it larger; the line must no longer come out."""
    generator = np.random.default_rng(0)
    for line in explain(subject_for(name), view).arithmetic:
        for operand, value in line.operands.items():
            wrong = np.array(value, dtype=np.float64)
            places = telling(line, operand)
            place = generator.choice(places) if line.operation is not hidden_delta else np.abs(wrong).argmax()
            old = wrong.flat[place]
            wrong.flat[place] = old - (np.sign(old) or 1) * (1 + 2 * abs(old))
            spoiled = dataclasses.replace(line, operands={**line.operands, operand: wrong})
            assert not spoiled.check().ok, (line.id, operand)


@pytest.mark.parametrize(("view", "name"), CASES)
def test_page_needs_no_script_and_holds_exact_numbers(view, name):
    explanation = explain(subject_for(name), view)
    html = explanation.to_html()
    assert "<script" not in html
    assert "javascript:" not in html
    assert not re.search(r"""(?:src|href)=["'](?!data:)""", html)
    exact = [float(value) for value in re.findall(r'data-value="([^"]+)"', html)]
    numbers = [
        float(cell) for table in explanation.tables for row in table.rows for cell in row if not isinstance(cell, str)
    ]
    assert exact == numbers
    assert explanation.badge() in html.replace("&#x27;", "'")
    assert explanation._repr_html_().count("<table") == len(explanation.tables)


@pytest.mark.parametrize(("view", "name"), CASES)
def test_pictures_are_drawn_and_saved(view, name, tmp_path):
    with use("ko"):
        explanation = explain(subject_for(name), view)
        assert explanation.pictures
        assert explanation.save(tmp_path / "a.png").read_bytes()[1:4] == b"PNG"
        assert "<svg" in explanation.save(tmp_path / "a.svg").read_text(encoding="utf-8")
        assert 'lang="ko"' in explanation.save(tmp_path / "a.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("view", "name"), CASES)
def test_text_stands_in_both_languages(view, name):
    subject = subject_for(name)
    english = str(explain(subject, view))
    with use("ko"):
        korean = str(explain(subject, view))
    assert english != korean
    assert not re.search("[가-힣]", english.replace("부채붓꽃", "").replace("폭", ""))
    assert "신경망" in korean


@pytest.mark.parametrize(("view", "name"), CASES)
def test_network_stays_as_it_was(view, name):
    subject = subject_for(name)
    subject.model.train()
    before = {key: value.clone() for key, value in subject.model.state_dict().items()}
    state = torch.get_rng_state()
    explain(subject, view)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[key]) for key, value in subject.model.state_dict().items())
    assert all(module.training for module in subject.model.modules())
    assert all(parameter.grad is None for parameter in subject.model.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in subject.model.modules())


@pytest.mark.parametrize("view", entries("view"))
def test_options_of_the_catalogue_are_those_of_the_function(view):
    function = find("view", view)
    parameters = inspect.signature(function).parameters.values()
    keyword_only = {part.name: part.default for part in parameters if part.kind is part.KEYWORD_ONLY}
    assert {option.name: option.default for option in entries("view")[view].options} == keyword_only
    assert all(option.help for option in entries("view")[view].options)
    assert entries("view")[view].facts["lecture"]


def test_unknown_option_names_the_nearest():
    with pytest.raises(LayerwiseError, match="layer"):
        explain(subject_for("lenet5"), "convolution-window", {"layr": "C3"})


def test_unknown_view_names_the_nearest():
    with pytest.raises(LayerwiseError, match="unit-sum"):
        explain(subject_for("mlp"), "unit-sun")
