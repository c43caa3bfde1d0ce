"""Learning curves of networks, what the network uses and where it is weak: from data to figures and the report."""

import json
from dataclasses import replace

import numpy as np
import pytest

import layerwise as lw
from layerwise.config import Model, experiment
from layerwise.data.builtin import builtin
from layerwise.data.kinds import Categories, Numbers
from layerwise.data.source import Field, Source
from layerwise.models import build
from layerwise.workflow.more_data import more_data
from layerwise.workflow.prepare import prepare_data


@pytest.fixture(scope="module")
def curves():
    drawn = np.random.default_rng(0)
    inputs = drawn.normal(size=(800, 3))
    answers = (inputs[:, 0] + 0.5 * inputs[:, 1] > 0).astype(int)
    return lw.compare((inputs, answers), ["logistic", ("knn", {"k": 3})], folds=5, learning_curve=True)


def test_every_network_is_measured_at_the_same_sizes_and_the_last_are_all_rows(curves):
    logistic, knn = curves.curves
    assert (logistic.label, knn.label) == ("logistic", "knn k=3")
    assert logistic.sizes.tolist() == knn.sizes.tolist()
    assert len(logistic.sizes) == 7
    assert logistic.sizes[-1] == 640
    for curve, scores in zip(curves.curves, curves.scores, strict=False):
        assert curve.tested.shape == curve.learned.shape == (5, 7)
        # With all rows it is the comparison itself.
        assert curve.tested[:, -1] == pytest.approx(1 - scores.figures["accuracy"].ravel())
        assert curve.learned[:, -1] == pytest.approx(1 - scores.learned.ravel())


def test_a_network_that_still_learns_is_said_to_gain_by_more_rows(curves):
    knn = curves.curves[1]
    assert knn.tested.mean(axis=0)[0] > knn.tested.mean(axis=0)[-1] + 0.05
    twice, four = knn.prospect.ahead
    assert (twice.rows, four.rows) == (1280, 2560)
    assert 0 < twice.gain < four.gain
    assert "knn k=3: Twice the rows (1,280) would probably bring the error rate from" in str(curves)
    written = json.loads(json.dumps(curves.to_json(), allow_nan=False))
    assert written["learning_curves"][1]["ahead"][0]["rows"] == 1280


def test_random_answers_gain_nothing_by_more_rows():
    drawn = np.random.default_rng(1)
    found = lw.compare((drawn.normal(size=(240, 5)), np.arange(240) % 2), ["logistic"], folds=5, learning_curve=True)
    (curve,) = found.curves
    assert not curve.prospect.ahead
    assert "more rows would probably buy nothing" in curve.sentences()[0]


def test_without_the_flag_nothing_is_learned_twice():
    found = lw.compare("iris", ["logistic"], folds=3)
    assert found.curves == ()
    assert "learning_curves" not in found.to_json()


def prepared_with(value):
    """Breast cancer divided by a field, the inputs of its test part replaced by a value where one is given."""
    source = builtin("breast-cancer")
    codes = (np.arange(len(source)) % 3 == 0).astype(np.int32)
    columns = dict(source.columns) | {"part": Categories(codes, ("train", "test"))}
    if value is not None:
        for name in source.named("input"):
            values = columns[name].values.copy()
            values[codes == 1] = value
            columns[name] = Numbers(values)
    held = replace(source, fields=(*source.fields, Field("part", "part")), columns=columns)
    whole = replace(experiment({}), model=Model("logistic"))
    return prepare_data(whole, held, {})


def test_what_more_data_would_buy_is_told_without_the_test_part():
    told = []
    for value in (None, 1e6):
        prepared, whole = prepared_with(value)
        model = build("logistic", 30, 2, {})
        told.append(more_data(model, prepared, whole))
    assert told[0]["asked"]
    assert told[0] == told[1]
    assert told[0]["sizes"][-1] == pytest.approx(0.8 * 379, abs=1)


def planted():
    """A table whose answers follow `dose`, but for the people of one town, whose answers are random."""
    drawn = np.random.default_rng(0)
    dose, noise = drawn.normal(size=(2, 600))
    town = drawn.integers(0, 4, 600)
    answers = np.where(town == 2, drawn.integers(0, 2, 600), dose > 0)
    columns = {
        "dose": Numbers(dose), "noise": Numbers(noise), "same dose": Numbers(dose + 0.01 * drawn.normal(size=600)),
        "town": Categories(town, ("Busan", "Daegu", "Jeju", "Seoul")), "ill": Categories(answers, ("no", "yes")),
    }  # fmt: skip
    fields = tuple(Field(name, "target" if name == "ill" else "input") for name in columns)
    return Source("planted", "memory", fields, columns)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return lw.train(planted(), "tree", model_options={"depth": 3}, run=str(tmp_path_factory.mktemp("runs") / "planted"))


def test_the_weak_slice_and_the_used_field_are_found(run):
    found = run.results
    worst = found["slices"]["slices"][0]
    assert found["slices"]["stands_out"]
    assert (worst["field"], worst["value"]) == ("town", "Jeju")
    assert worst["loss"] > 0.35 > found["slices"]["loss"]
    ids = {row["id"] for row in found["slices"]["rows"]}
    assert len(ids) == round(worst["loss"] * worst["rows"])
    names = [each["field"] for each in found["importance"]["fields"]]
    assert sorted(names) == ["dose", "noise", "same dose", "town"]
    assert names[0] in ("dose", "same dose")
    assert found["importance"]["alike"][0]["correlation"] > 0.99
    assert found["openings"] == 1


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_first_screen_says_it_and_every_claim_is_linked(run, language):
    from layerwise.workflow.report import write_report

    path = write_report(run.opened, language, to=run.folder.path / f"{language}.html", data=planted())
    page = path.read_text(encoding="utf-8")
    first = page[: page.index("<main>")]
    for name in ("slices", "importance"):
        assert f'href="#{name}"' in first
        assert f'<section id="{name}">' in page
    words = ["Weakest slice", "'town' = 'Jeju'", "What it uses", "More data"]
    korean = ["가장 약한 조각", "'town' = 'Jeju'", "무엇을 쓰는가", "데이터를 더 모으면"]
    assert all(word in first.replace("&#x27;", "'") for word in (words if language == "en" else korean))


def test_pictures_have_slices_by_brightness_and_no_importance(tmp_path):
    found = lw.train("digits", "majority", run=str(tmp_path / "digits")).results
    assert found["importance"] == {}
    assert found["slices"]["looked_at"] == 4
    assert {each["field"] for each in found["slices"]["slices"]} == {"brightness"}
    assert 0 < found["slices"]["slices"][0]["low"] < 0.5
