"""The explanation object: what it says when a number is wrong, how it is saved, and what happens without a font."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest

import layerwise.explain
from layerwise.errors import LayerwiseError
from layerwise.explain import drawing
from layerwise.explain.arithmetic import Arithmetic, term_sum
from layerwise.explain.explanation import Explanation, Picture, Table
from layerwise.explain.page import html_table, text_table
from layerwise.explain.replay.rules import RULES
from layerwise.language import korean, use


def line(expected, tolerance=1e-9):
    return Arithmetic("five", "2 + 3", term_sum, {"terms": np.array([2.0, 3.0])}, np.array(expected), tolerance)


def test_wrong_numbers_are_said_aloud():
    wrong = Explanation("unit-sum", "A sum", arithmetic=(line(5.5),))
    assert [check.ok for check in wrong.verify()] == [False]
    assert wrong.verify()[0].error == 0.5
    assert "NOT" in wrong.badge()
    assert 'class="badge wrong"' in wrong.to_html()


def test_not_a_number_never_verifies():
    assert not line(np.nan).check().ok
    assert not Arithmetic("sum", "", term_sum, {"terms": np.array([np.nan])}, np.array(0.0), 1.0).check().ok


def test_a_line_of_another_shape_is_an_error():
    with pytest.raises(ValueError, match="recomputed"):
        line([5.0, 5.0]).check()


def test_cells_keep_every_digit_and_escape_names():
    table = Table("<b>", ("name & place", "x"), (("<i>", 1 / 3), ("부채붓꽃", 2.0)))
    html = html_table(table)
    assert f'data-value="{1 / 3!r}"' in html
    assert "<i>" not in html.replace("&lt;i&gt;", "")
    assert "<b>" not in html.replace("&lt;b&gt;", "")


def test_hangul_takes_two_places_in_text():
    lines = text_table(Table("", ("name", "x"), (("꽃", 1), ("ab", 2)))).splitlines()
    assert lines[1] == "  꽃    1"
    assert lines[2] == "  ab    2"


def test_saving_needs_a_known_ending_and_a_picture(tmp_path):
    shown = Explanation("unit-sum", "A sum", arithmetic=(line(5.0),))
    with pytest.raises(LayerwiseError, match="ending"):
        shown.save(tmp_path / "a.pdf")
    with pytest.raises(LayerwiseError, match="0 pictures"):
        shown.save(tmp_path / "a.png")


def test_labels_fall_back_to_english_without_a_font(monkeypatch, tmp_path):
    monkeypatch.setattr(drawing, "hangul_font", lambda: "")

    def draw():
        with drawing.styled():
            figure = drawing.figure(2, 1)
            figure.subplots().set_title(drawing.label("output z") + drawing.readable("꽃"))
        return figure

    shown = Explanation("unit-sum", "A sum", pictures=(Picture("bars", draw),))
    with use("ko"):
        assert drawing.label("output z") == "output z"
        assert drawing.readable("부채 a") == "?? a"
        assert "Noto CJK" in shown.to_html()
        # a sign that no font holds would be a warning, and warnings are errors here
        assert shown.save(tmp_path / "a.png").stat().st_size > 500


def test_pictures_are_the_same_twice():
    def picture():
        with drawing.styled():
            drawn = drawing.figure(2, 1)
            drawn.subplots().plot([1, 2, 3])
        return drawn

    assert drawing.png(picture()) == drawing.png(picture())
    assert drawing.svg(picture()) == drawing.svg(picture())


def test_every_sentence_has_its_korean():
    templates = {rule.equation for rule in RULES.values() if re.search(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}", rule.equation)}
    for path in Path(layerwise.explain.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("say", "label"):
                templates |= {part.value for part in node.args[:1] if isinstance(part, ast.Constant)}
    assert templates - set(korean()) == set()
    for template in templates:
        places = len(re.findall(r"\{\d*\}", template))
        assert len(re.findall(r"\{\d*\}", korean()[template])) == places, template


def test_drawing_and_explanation_need_no_torch():
    import subprocess
    import sys

    names = ", ".join(f"layerwise.explain.{name}" for name in ("explanation", "page", "drawing"))
    code = f"import sys, {names}; print('torch' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
