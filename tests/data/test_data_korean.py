"""Every sentence of the data stage has its Korean, with the same places to fill."""

import ast
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import layerwise.data.formats.csv as one_format
from layerwise.data.open import open_source
from layerwise.language import say, use

DATA = Path(one_format.__file__).parents[1]
KOREAN = DATA.parent / "language" / "korean"
OWN = (
    "builtin", "cells", "dialect", "download", "findings", "generated", "inspect", "join", "json_records", "memory",
    "named", "native_cells", "open",
    "picture_folders", "pictures", "roles", "show", "table_rows", "text_encoding", "typed_table", "workbook",
    "workbook_archive",
)  # fmt: skip
FILES = [*(DATA / f"{name}.py" for name in OWN), *sorted((DATA / "formats").glob("*.py"))]


def sentences(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Call)
            and getattr(node.func, "id", "") == "say"
            and isinstance(node.args[0], ast.Constant)
        ):
            yield node.args[0].value, len(node.args) - 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_sentence_has_its_korean(path):
    known = {}
    for file in KOREAN.glob("*.json"):
        known.update(json.loads(file.read_text(encoding="utf-8")))
    for english, values in sentences(path):
        assert english in known, english
        assert len(re.findall(r"\{(?::[^}]*)?\}", english)) == values, english
        korean = known[english]
        places = re.findall(r"\{(\d*)(?::[^}]*)?\}", korean)
        assert len(set(places)) == values if all(places) else len(places) == values, korean


def test_what_is_wrong_with_photos_is_said_in_korean(tmp_path):
    # They are read in threads, which begin in English.
    for place in range(4):
        path = tmp_path / "photos" / "ab"[place % 2] / f"{place}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((9, 9, 3), 40 * place, np.uint8)).save(path)
    (tmp_path / "photos" / "a" / "empty.png").touch()
    with use("ko"):
        (problem,) = open_source(tmp_path / "photos", exclude_problems=True).problems
        assert problem.found == say("the file is empty")
        assert problem.remedy == say("Replace or remove the file, or leave it out with --exclude-problems.")
    assert all("가" <= letter <= "힣" for letter in problem.found.replace(" ", ""))
