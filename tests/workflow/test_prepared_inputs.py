"""Inputs that are selected, cut, gathered and read: from the command to the report, and the leak that folds prevent."""

import re

import numpy as np
import pytest

import layerwise as lw
from layerwise.config import Preprocess
from layerwise.data.open import open_source
from layerwise.data.preprocess import fit
from layerwise.errors import LayerwiseError
from layerwise.language import say, use
from layerwise.workflow.report import write_report

TWENTY = ("correlation=20",)


def accuracy(inputs, labels, **settings):
    found = lw.compare((inputs, labels), ["naive-bayes"], folds=3, **settings)
    return found.scores[0].figures["accuracy"].mean()


def test_selection_inside_the_folds_finds_nothing_in_noise_and_on_all_rows_first_it_does():
    """System S05, the leak detector: random labels, 2,000 random inputs, the best 20."""
    inside, leaking = [], []
    for seed in range(3):
        drawn = np.random.default_rng(seed)
        inputs, labels = drawn.normal(size=(200, 2000)), drawn.permutation(np.arange(200) % 2)
        inside.append(accuracy(inputs, labels, select=TWENTY, split_seed=seed))
        # The named broken variant: the inputs are selected on all rows before these are divided.
        everything = open_source((inputs, labels))
        keep = fit(everything, np.arange(200), Preprocess(select=TWENTY)).selection.keep
        leaking.append(accuracy(inputs[:, list(keep)], labels, split_seed=seed))
    assert 0.45 <= np.mean(inside) <= 0.55
    assert np.mean(leaking) > 0.75


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A table with an amount, a noise, names with a long tail, a text and a date; Korean names throughout."""
    folder = tmp_path_factory.mktemp("shop")
    drawn = np.random.default_rng(0)
    rows = ["날짜,금액,잡음,도시,후기,만족"]
    for row in range(240):
        good = row % 2
        amount, noise = drawn.normal(20 + 15 * good, 6), drawn.normal()
        city = f"마을{row}" if row % 12 == 0 else ("서울", "부산")[drawn.integers(0, 2)]
        said = ("정말 좋아요", "별로였어요")[good if drawn.random() < 0.85 else 1 - good]
        day, answer = f"2024-01-{row % 28 + 1:02}", "예" if good else "아니요"
        rows.append(f"{day},{amount:.2f},{noise:.3f},{city},{said} 주문 {row},{answer}")
    (folder / "shop.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


SETTINGS = {"target": "만족", "drop": ("날짜",), "texts": "tf-idf", "rare": 5, "discretise": "supervised",
            "select": ("variance=0.001", "mutual-information=12"), "text_ngrams": (2, 2)}  # fmt: skip


@pytest.fixture(scope="module")
def run(shop):
    return lw.train(str(shop / "shop.csv"), "logistic", run=str(shop / "run"), resamples=100, **SETTINGS)


def test_a_run_keeps_what_was_fitted_on_its_training_part(run, shop):
    stored = run.folder.read("data.json")["preprocessing"]
    assert [step["kind"] for step in stored] == ["interval", "interval", "category", "tf-idf", "selection"]
    assert stored[1]["cuts"] == []
    assert len(stored[2]["rare"]) > 5
    assert len(run.opened.preprocessing.names) == 12
    assert run.metrics["accuracy"]["value"] > 0.8
    source = open_source(str(shop / "shop.csv"))
    answers = run.predict(source)
    test = run.folder.read("data.json")["split"]["test"]
    right = [answers.labels[row] == source.columns["만족"].show(row) for row in test]
    assert np.mean(right) == pytest.approx(run.metrics["accuracy"]["value"])


def test_new_rows_need_only_the_fields_of_which_an_input_was_kept(run, shop):
    path = shop / "new.csv"
    path.write_text("후기,도시,금액\n정말 좋아요,서울,21\n별로였어요,처음 보는 곳,38\n,,\n", encoding="utf-8")
    answers = run.predict(str(path))
    assert list(answers.labels[:2]) == ["아니요", "예"]
    path.write_text("도시,금액\n서울,21\n", encoding="utf-8")
    with pytest.raises(LayerwiseError, match="lacks '후기'"):
        run.predict(str(path))


def test_views_name_the_inputs(run):
    shown = run.explain("unit-sum")
    names = [row[0] for table in shown.tables for row in table.rows]
    assert any(re.fullmatch(r"금액 (<|>=) [\d.]+", str(name)) for name in names)
    assert any(str(name).startswith('후기 "') for name in names)
    assert all(check.ok for check in shown.verify())


def test_a_tree_asks_about_intervals_by_name(shop):
    chosen = {name: value for name, value in SETTINGS.items() if name not in ("texts", "text_ngrams", "select", "drop")}
    found = lw.train(str(shop / "shop.csv"), "tree", run=str(shop / "tree"), resamples=100, model_options={"depth": 2},
                     drop=("날짜", "후기"), **chosen)  # fmt: skip
    questions = [row[1] for row in found.explain("decision-path").tables[0].rows]
    assert questions[0].startswith("금액")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_report_says_what_was_kept_and_why(run, shop, language):
    path = write_report(run.opened, language, to=shop / f"{language}.html")
    page = path.read_text(encoding="utf-8")
    with use(language):
        part = page[page.index('<section id="preparation">') :]
        part = part[: part.index("</section>")]
        for words in (say("How the inputs were prepared"), say("nats about the target"), say("cut points"),
                      say("rare names"), say("Texts read by tf-idf"), say("left out")):  # fmt: skip
            assert words in part
    selection = run.opened.preprocessing.selection
    best = max(selection.passes[-1].scores)
    assert f"{best:.4g}" in part
    assert "마을" in part
    assert "<script" not in part


def test_a_plain_run_has_no_such_section(tmp_path):
    plain = lw.train("iris", "knn", run=str(tmp_path / "plain"), resamples=100)
    assert 'id="preparation"' not in (tmp_path / "plain" / "report.html").read_text(encoding="utf-8")
    assert [step["kind"] for step in plain.folder.read("data.json")["preprocessing"]] == ["number"] * 4


def test_a_fold_fits_its_own_and_no_other_rows(shop):
    found = lw.compare(str(shop / "shop.csv"), ["naive-bayes", "logistic"], folds=4, **SETTINGS)
    assert all(one.figures["accuracy"].mean() > 0.85 for one in found.scores[:2])


def asked(command, folder, settings):
    if command == "train":
        return lw.train("iris", "knn", run=str(folder / "run"), **settings)
    return lw.compare("iris", ["knn"], folds=3, **settings)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"select": ("model=30",)}, "model=30, and there are 4 inputs"),
        ({"select": ("modell=3",)}, "Did you mean 'model'"),
        ({"texts": "tf-idf"}, "--texts: no input is a text"),
        ({"rare": 3}, "--rare: no input holds names"),
        ({"intervals": 5}, "--intervals: --discretise is none"),
        ({"intervals": 1}, "intervals takes 2 to 1000"),
        ({"rare": -1}, "rare takes 0, 1, 2"),
        ({"text_features": 0}, "text_features takes 1, 2, 3"),
        ({"discretise": "equal-width", "scale": "none"}, "--scale: numbers that are cut"),
        ({"text_ngrams": (3, 2)}, "text_ngrams takes 1 2"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["train", "compare"])
def test_every_command_refuses_what_has_no_effect(tmp_path, command, settings, words):
    with pytest.raises(LayerwiseError, match=words) as caught:
        asked(command, tmp_path, settings)
    assert caught.value.exit_code == 2
    assert not (tmp_path / "run").exists()


def test_pictures_are_not_cut(tmp_path):
    for setting in ({"discretise": "equal-width"}, {"select": ("variance=0",)}, {"texts": "tf-idf"}, {"rare": 2}):
        with pytest.raises(LayerwiseError, match="the inputs are pictures"):
            lw.train("digits", "knn", run=str(tmp_path / "run"), **setting)


def test_what_a_network_suggests_gives_way_to_intervals(tmp_path):
    # The threshold rule suggests numbers as they are; intervals have no scale.
    run = lw.train("iris", "threshold", run=str(tmp_path / "run"), resamples=100, discretise="supervised")
    assert [step["kind"] for step in run.folder.read("data.json")["preprocessing"]] == ["interval"] * 4
    assert run.experiment.preprocess.scale == "auto"
