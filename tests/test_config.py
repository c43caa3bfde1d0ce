"""Settings: one name everywhere, checked, and written as TOML that reads back to the same experiment."""

import dataclasses
import math
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerwise.config import (
    STAGES,
    Experiment,
    Load,
    Model,
    Train,
    experiment,
    from_tables,
    read_experiment,
    setting_names,
    to_toml,
    write_experiment,
)  # fmt: skip
from layerwise.errors import LayerwiseError


def test_names_are_unique_over_all_stages():
    names = [part.name for kind in STAGES.values() for part in dataclasses.fields(kind)]
    repeated = {name for name in names if names.count(name) > 1}
    # The options of a format and of a model are named on their own.
    assert repeated == {"options"}
    assert list(STAGES) == [part.name for part in dataclasses.fields(Experiment)]


def test_a_setting_is_set_by_its_plain_name():
    whole = experiment({"epochs": 5, "target": "outcome", "test_fraction": 0.2, "augment": ("flip",)})
    assert (whole.train.epochs, whole.assign.target, whole.split.test_fraction) == (5, "outcome", 0.2)
    assert whole.preprocess.augment == ("flip",)
    changed = experiment({"epochs": 6}, start=whole)
    assert (changed.train.epochs, changed.assign.target, whole.train.epochs) == (6, "outcome", 5)


@pytest.mark.parametrize(
    ("wrong", "right"), [("epoch", "epochs"), ("learning-rate", "learning_rate"), ("Momentum", "momentum")]
)
def test_an_unknown_setting_is_refused_with_the_nearest(wrong, right):
    with pytest.raises(LayerwiseError, match=f"Did you mean '{right}'") as caught:
        experiment({wrong: 1})
    assert caught.value.exit_code == 2


WRONG = [
    ("epochs", -1), ("epochs", 2.5), ("epochs", True), ("batch_size", -2), ("learning_rate", 0.0),
    ("learning_rate", -1),
    ("learning_rate", math.nan), ("learning_rate", math.inf), ("learning_rate", "fast"), ("momentum", 1.0),
    ("weight_decay", -0.1), ("clip_norm", -1.0), ("test_fraction", 0.0), ("test_fraction", 1.0),
    ("validation_fraction", 1.0), ("decay", 0.0), ("step_epochs", 0), ("patience", 0), ("seed", -1), ("threads", -1),
    ("confidence", 1.0), ("resamples", 99), ("warm_up", 1.0), ("optimizer", "adamx"), ("schedule", "cosin"),
    ("stratify", 1), ("stratify", "yes"), ("drop", "age"), ("drop", (1,)), ("image_size", (32.0, 32)), ("target", 3),
    ("weight_decay", math.nan), ("clip_norm", math.nan), ("clip_norm", math.inf), ("weight_decay", math.inf),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_value_that_does_not_fit_is_refused_with_what_is_allowed(name, value):
    with pytest.raises(LayerwiseError, match=f"{name} = ") as caught:
        experiment({name: value})
    assert caught.value.exit_code == 2
    assert caught.value.remedy.startswith(f"{name} takes ")


def test_whole_numbers_do_for_fractions():
    assert experiment({"learning_rate": 1}).train.learning_rate == 1


def test_every_default_is_allowed_and_survives_toml():
    assert experiment({}) == Experiment()
    assert from_tables(tomllib.loads(to_toml(Experiment())), "here") == Experiment()


texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
floats = st.floats(1e-300, 1e300, allow_nan=False)


@given(texts, st.lists(texts, max_size=3).map(tuple), floats, st.integers(0, 10**12), st.booleans(), texts)
def test_any_experiment_survives_toml(target, drop, rate, seed, stratify, option):
    whole = experiment(
        {"target": target, "drop": drop, "learning_rate": rate, "seed": seed, "stratify": stratify},
        start=Experiment(
            load=Load("데이터.csv", options={"delimiter": option}), model=Model("mlp", {"hidden": (5, 4)})
        ),
    )
    assert from_tables(tomllib.loads(to_toml(whole)), "here") == whole


def test_an_experiment_survives_a_file(tmp_path):
    whole = Experiment(load=Load('C:\\data\\"mine".csv'), train=Train(epochs=3, learning_rate=1e-3))
    write_experiment(tmp_path / "run.toml", whole)
    assert read_experiment(tmp_path / "run.toml") == whole
    assert "learning_rate = 0.001" in (tmp_path / "run.toml").read_text()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[train]\nepochs = ", "run.toml"),
        ("[trian]\nepochs = 3", "Did you mean 'train'"),
        ("[train]\nepoch = 3", "Did you mean 'epochs'"),
        ("epochs = 3", "[epochs]"),
        ("[train]\nepochs = 'three'", "epochs = 'three'"),
        ("[train]\nepochs = [3]", "epochs = (3,)"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path, text, words):
    (tmp_path / "run.toml").write_text(text)
    with pytest.raises(LayerwiseError) as caught:
        read_experiment(tmp_path / "run.toml")
    assert words in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_file_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "run.toml").write_bytes("[assign]\ntarget = '종류'".encode("cp949"))
    with pytest.raises(LayerwiseError, match="UTF-8"):
        read_experiment(tmp_path / "run.toml")


def test_names_of_settings_have_one_stage():
    assert {
        "epochs": "train",
        "target": "assign",
        "test": "split",
        "fit": "preprocess",
    }.items() <= setting_names().items()
    assert "options" not in setting_names()
