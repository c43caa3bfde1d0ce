"""`layerwise compare` as typed."""

import json

import pytest


def test_networks_stand_in_a_table_with_what_the_test_says(typed):
    code, said = typed("compare iris logistic knn --k 5 --folds 5")
    assert code == 0, said.err
    lines = said.out.splitlines()
    assert [line.split("  ")[0] for line in lines if line.startswith(("logistic", "knn", "majority"))] == [
        "logistic", "knn k=5", "majority",
    ]  # fmt: skip
    assert "No network is shown to be the best" in lines[-1]


def test_every_figure_of_every_fold_is_written(typed, tmp_path):
    code, said = typed("compare iris logistic knn --folds 5 --repeats 2 --to found.json --json")
    assert code == 0, said.err
    written = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert written == json.loads(said.out)
    assert len(written["fold_of_each_row"]) == 2
    assert [len(one["predictions"][1]) for one in written["networks"]] == [150, 150, 150]
    assert [len(one["folds"]["accuracy"]) for one in written["networks"]] == [2, 2, 2]


def test_it_speaks_korean(typed):
    code, said = typed("compare iris logistic knn --folds 3 --language ko")
    assert code == 0, said.err
    assert "정확도" in said.out
    assert "No network" not in said.out


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("compare iris", "Name some: layerwise compare iris logistic knn mlp"),
        ("compare iris logisic", "Did you mean 'logistic'"),
        ("compare iris logistic --k 3", "An option belongs to one of the networks"),
        ("compare iris logistic --folds 500", "Use --folds with a number from 2 to 149"),
        ("compare iris logistic --test-fraction 0.2", "'--test-fraction' changes nothing in a comparison"),
        ("compare shapes grid-detector", "Networks are compared on classes, labels or numbers"),
        ("compare nothing.csv logistic", "A path must exist"),
    ],
)
def test_mistakes_end_in_one_message(typed, line, words):
    code, said = typed(line)
    assert code == 2
    assert words in said.err
    assert "Traceback" not in said.err
