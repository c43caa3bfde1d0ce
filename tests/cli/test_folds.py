"""`train --folds`, `--time` and `compare --tune` as they are typed."""

import json


def test_train_by_folds_says_whose_answers_the_figures_are(typed):
    code, said = typed("train iris knn --k 5 --folds 3 --repeats 2 --run folds")
    assert code == 0, said.err
    assert "Folds: 3, dealt 2 times; each of 150 rows is tested" in said.out
    assert "Folds: 150 rows, each answered by a network that did not learn from it" in said.out
    assert "accuracy, mean of 6 folds: 0.9" in said.out
    assert "The table shows the first of 2 deals." in said.out
    assert "The test part was opened" not in said.out
    code, said = typed("evaluate folds")
    assert code == 2
    assert "name new data: layerwise evaluate folds DATA" in said.err
    code, said = typed("runs --json")
    assert json.loads(said.out)["runs"][0]["value"]["n"] == 150
    code, said = typed("report folds --language ko", "ko")
    assert code == 0, said.err
    code, said = typed("train iris knn --folds 3 --repeats 2 --test split")
    assert code == 2
    assert "--test: the figures come from folds" in said.err


def test_a_time_is_named_and_what_is_tested_is_later(typed, tmp_path):
    lines = [f"{2024 + day // 12}-{day % 12 + 1:02d},{day * 7 % 5},{day}" for day in range(60)]
    (tmp_path / "sales.csv").write_text("\n".join(["month,x,sold", *lines]) + "\n", encoding="utf-8")
    code, said = typed("train sales.csv linear --target sold --time month --run a")
    assert code == 0, said.err
    assert "Divided by time" in said.out
    split = json.loads((tmp_path / "runs" / "a" / "data.json").read_text(encoding="utf-8"))["split"]
    assert split["test"] == list(range(40, 60))
    (tmp_path / "bad.csv").write_text("\n".join(["month,x,sold", *lines[:5], "2024-99,1,2"]) + "\n", encoding="utf-8")
    code, said = typed("train bad.csv linear --target sold --time month")
    assert code != 0
    assert "line 7: '2024-99'" in said.err


def test_options_are_chosen_inside_the_folds(typed):
    code, said = typed("compare iris knn --folds 3 --tune k=1,9")
    assert code == 0, said.err
    assert "knn k=1|9" in said.out
    assert "chosen inside each of 3 folds" in said.out
    code, said = typed("compare iris knn --folds 3 --tune k=one,9")
    assert code == 2
    assert "k takes a whole number" in said.err
