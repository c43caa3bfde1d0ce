"""`train --folds`, `--time` and `compare --tune` as they are typed."""

import html
import json
import re

import pytest


def sentences(path):
    """The words of a page, without its pictures and marks."""
    page = re.sub(r"<(style|svg).*?</\1>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


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
    code, said = typed("train iris knn --folds 3 --repeats 2 --test split")
    assert code == 2
    assert "--test: the figures come from folds" in said.err


def test_the_report_of_folds_is_korean_with_the_numbers_of_the_run(typed, tmp_path):
    code, said = typed("train iris knn --k 5 --folds 3 --repeats 2 --run folds --language ko")
    assert code == 0, said.err
    for sentence in (
        "겹: 3개, 2번 나눔. 행 150개를 각각 그 행을 배우지 않은 신경망들로 시험합니다.",
        "표는 2번 나눈 것 가운데 첫 번째입니다.",
    ):  # fmt: skip
        assert sentence in said.out
    metrics = json.loads((tmp_path / "runs" / "folds" / "metrics.json").read_text(encoding="utf-8"))
    each = [value for deal in metrics["folds"]["each"]["accuracy"] for value in deal]
    right = sum(map(sum, zip(*metrics["confusion"], strict=True))) - sum(
        count for row, counts in enumerate(metrics["confusion"]) for place, count in enumerate(counts) if row != place
    )
    code, said = typed("report folds --language ko", "ko")
    assert code == 0, said.err
    told = sentences(tmp_path / "runs" / "folds" / "report.html")
    for sentence in (
        f"교차 검증으로 예제 150개에서 측정했습니다(오답 {150 - right}개, 정확도 {right / 1.5:.1f} %).",
        f"정확도 값은 겹에 따라 {min(each):.3f}에서 {max(each):.3f} 사이입니다. "
        f"겹 6개의 평균은 {sum(each) / 6:.3f}입니다",
        "입력이 같은 행은 한 겹에 모았습니다.", "행 수: 학습 150, 겹 150.",
        "혼동 행렬(교차 검증 행)", "2번째 나누기, 3번째 겹",
    ):  # fmt: skip
        assert sentence in told
    assert "평가 부분" not in told
    assert "시험 부분" not in told


@pytest.mark.parametrize("line", ["iris knn", "diabetes linear"])
def test_a_report_of_folds_speaks_of_no_test_part(typed, tmp_path, line):
    code, said = typed(f"train {line} --folds 3 --run folds")
    assert code == 0, said.err
    told = sentences(tmp_path / "runs" / "folds" / "report.html")
    assert "measured by cross-validation" in told or "by cross-validation, in the units" in told
    assert "test part" not in told
    assert "one part" not in told
    if line == "iris knn":
        assert "Rows with equal inputs were kept in one fold." in told
        assert "Rows: train 150, folds 150." in told
    else:
        assert "true values of the measured rows run from 25 to 346." in told


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
