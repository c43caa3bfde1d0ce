"""What a test part of few groups can tell: the first sentence of a report promises no more than its figures."""

import html

import numpy as np
import pytest

import layerwise as lw
from layerwise.workflow.report import write_report


def rows(path, people, seed):
    draw = np.random.default_rng(seed)
    lines = ["size,age,person,ill"]
    for place, (size, age, noise) in enumerate(draw.normal(size=(120, 3))):
        lines.append(f"{size:.3f},{age:.3f},{seed}-{place % people},{'yes' if size + 0.5 * noise > 0 else 'no'}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def headline(run, tmp_path):
    page = html.unescape(write_report(run.opened, "en", to=tmp_path / "page.html").read_text(encoding="utf-8"))
    return page[page.index('<p class="headline">') :][:800].replace("\xa0", " ")


def test_one_person_gives_no_range_of_wrong_answers(tmp_path):
    learned, tested = rows(tmp_path / "rows.csv", 20, 0), rows(tmp_path / "other.csv", 1, 1)
    run = lw.train(learned, "logistic", target="ill", group="person", test_data=tested, run=str(tmp_path / "run"))
    right = run.results["metrics"]["accuracy"]
    assert (right["low"], run.results["expectation_per_1000"]) == (None, None)
    said = headline(run, tmp_path)
    assert f"Of 1,000 new examples expect about {1000 * right['value']:.0f} to be answered correctly." in said
    assert "without an interval" in said


def test_the_range_of_wrong_answers_is_no_narrower_than_the_interval_of_their_share(tmp_path):
    learned, tested = rows(tmp_path / "rows.csv", 20, 0), rows(tmp_path / "other.csv", 4, 1)
    run = lw.train(learned, "logistic", target="ill", group="person", test_data=tested, run=str(tmp_path / "run"))
    share, foreseen = run.results["metrics"]["error_rate"], run.results["expectation_per_1000"]
    assert foreseen["high"] - foreseen["low"] > 0.8 * 1000 * (share["high"] - share["low"])
    assert foreseen["value"] == pytest.approx(1000 * share["value"], rel=0.6)
    assert f"expect {foreseen['low']:.0f} to {foreseen['high']:.0f} wrong" in headline(run, tmp_path)
