"""The report of tasks that are neither classes nor numbers: their sentences, their curves, their answers in words."""

from dataclasses import replace

import pytest

from layerwise.language import use
from layerwise.report import learning, plots
from layerwise.report.headline import headline
from layerwise.report.sentences import findings
from layerwise.report.words import bounds
from layerwise.workflow.report import gather
from report.conftest import once
from report.reading import Page, trained, written

PAIRS = "german,english\n" + "".join(f"{'ab'[row % 2]}{'cdefgh'[row % 6]},{'xy'[row % 2]}z\n" for row in range(60))


@pytest.fixture
def pairs(runs):
    def make(folder):
        path = runs / "pairs.csv"
        path.write_text(PAIRS, encoding="utf-8")
        return trained(folder, str(path), "seq2seq", {"target": "english", "task": "translate", "epochs": 1})

    return once(runs, "pairs", make)


@pytest.fixture
def text(runs):
    def make(folder):
        path = runs / "book.txt"
        path.write_text("the cat sat on the mat and ran to the sea. " * 150, encoding="utf-8")
        return trained(folder, str(path), "char-lstm", {"epochs": 2}, {"hidden_units": 4, "layers": 1})

    return once(runs, "book", make)


def record(epoch, stage="", validation=1.0, **parts):
    return {"epoch": epoch, "stage": stage, "train_loss": 2.0 / epoch, "validation_loss": validation, "parts": parts}


def interval(value, low, high):
    return {"value": value, "low": low, "high": high, "n": 100, "method": "Wilson", "reason": ""}


def test_epochs_are_drawn_in_the_stage_they_belong_to():
    history = [record(1, "first"), record(2, "first"), record(3, "first"), record(1, "last"), record(2, "last")]
    axes = plots.learning_curves(history, 1).axes
    titles = [each.get_title(loc="left") for each in axes]
    assert [title for title in titles if title] == ["stage 1: first", "stage 2: last"]
    # A stage before the last has its two losses apart, the last one has them together; only there an epoch is marked.
    drawn = [[(line.get_label(), list(line.get_xdata())) for line in each.lines] for each in axes]
    assert drawn[0] == [("training", [1, 2, 3])]
    assert drawn[1] == [("validation", [1, 2, 3])]
    assert [line[1] for line in drawn[2]] == [[1, 2], [1, 2], [1, 1]]


def test_parts_of_a_loss_have_a_panel_of_their_own():
    axes = plots.learning_curves([record(1, box=1.0, side_class=3.0), record(2, box=0.5, side_class=2.0)], 2).axes
    lines = {line.get_label(): list(line.get_ydata()) for line in axes[1].lines[:2]}
    assert lines == {"box": [1.0, 0.5], "side class": [3.0, 2.0]}


def test_parts_of_a_loss_are_named_in_the_language_of_the_report(monkeypatch):
    records = [{**record(1, sureness=2.0, box=1.0, **{"class": 3.0}), "learning_rate": 0.1}]
    with use("ko"):
        table = learning._epochs(records, 1)
        monkeypatch.setattr("layerwise.explain.drawing.hangul_font", lambda: "a font")
        panel = plots.learning_curves(records, 1).axes[1]
    assert all(f">{name}<" in table for name in ("확신도", "상자", "클래스"))
    assert not any(f">{name}<" in table for name in ("sureness", "box", "class"))
    assert [line.get_label() for line in panel.lines] == ["확신도", "상자", "클래스"]


def test_a_loss_that_falls_by_much_is_written_in_plain_numbers():
    figure = plots.learning_curves([record(1), record(100)], 2)
    assert figure.axes[0].get_yscale() == "log"
    assert "$" not in figure.axes[0].yaxis.get_major_formatter()(0.1)


def test_negative_ends_are_not_joined_by_a_dash():
    assert bounds(interval(-0.1, -0.17, -0.05)) == "-0.170 to -0.050"
    assert bounds(interval(0.1, 0.05, 0.17)) == "0.050 – 0.170"


@pytest.mark.parametrize(("baseline", "words"), [(1.2, "does better"), (2.05, "about as well"), (3.4, "stays behind")])
def test_where_lower_is_better_the_baseline_is_judged_the_other_way_round(text, baseline, words):
    data = gather(text)
    metrics = {
        **data.metrics,
        "metrics": {**data.metrics["metrics"], "nats": interval(2.034, 1.954, 2.113)},
        "baselines": {"unigram": {"nats": interval(baseline, 1.0, 9.0)}},
    }
    data = replace(data, metrics=metrics)
    found = next(finding for finding in findings(data) if finding.subject == "Baseline")
    assert words in found.sentence
    assert "2.034 nats per symbol" in found.sentence
    first, second = headline(data)
    assert first == "For new text of this kind expect about 2.034 nats a character."
    assert second.endswith("Lower is better.")


def test_sequences_that_came_out_otherwise_are_shown_in_words(pairs):
    page = Page(written(pairs))
    assert "new sequences expect about" in page.text
    rows = page.table("Answers of the test rows")
    assert rows[0] == ["example", "german", "truth", "answered"]
    assert all(row[2] != row[3] and row[2] in ("xz", "yz") for row in rows[1:])


def test_a_running_text_has_no_list_of_wrong_answers(text):
    page = Page(written(text, "ko"))
    assert "mistakes" not in page.names
    assert "낮을수록 좋습니다." in page.text
