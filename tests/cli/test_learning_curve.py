"""`layerwise compare --learning-curve` as typed."""

import json


def test_a_table_a_sentence_and_a_picture(typed, tmp_path):
    code, said = typed("compare digits knn --folds 5 --learning-curve --quiet --to curve.png")
    assert code == 0, said.err
    assert "error rate at growing numbers of training rows, test / training:" in said.out
    assert "knn: Twice the rows (" in said.out
    assert (tmp_path / "curve.png").read_bytes()[:4] == b"\x89PNG"


def test_every_figure_of_the_curve_in_json_and_korean(typed, tmp_path):
    code, said = typed("compare iris logistic --folds 3 --learning-curve --to curve.json --language ko")
    assert code == 0, said.err
    assert "학습 행을 늘려 가며 잰" in said.out
    curve = json.loads((tmp_path / "curve.json").read_text(encoding="utf-8"))["learning_curves"][0]
    assert len(curve["tested"]) == 3
    assert len(curve["tested"][0]) == len(curve["sizes"])


def test_a_picture_without_curves_is_refused(typed, tmp_path):
    code, said = typed("compare iris logistic --folds 3 --to curve.png")
    assert code == 2
    assert "Add --learning-curve" in said.err
    assert not (tmp_path / "curve.png").exists()
