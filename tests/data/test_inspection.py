"""What `layerwise data` says: counts, doubled and contradicting rows, the task, and a command that a shell can run."""

import json
import shlex
import subprocess
import sys

import numpy as np
import pytest

from layerwise.data.inspect import inspect
from layerwise.data.open import open_source
from layerwise.errors import LayerwiseError
from layerwise.language import use


@pytest.fixture
def patients(tmp_path):
    path = tmp_path / "my patients.csv"
    rows = ["age,visit,site,remark,outcome"]
    rows += [f"{20 + row},2024-01-{row + 1:02},A,remark number {row},{'yes' if row % 3 else 'no'}" for row in range(24)]
    rows += [rows[1], rows[2].replace(",yes", ",no"), "1,2"]
    path.write_text("\n".join(rows) + "\n")
    return path


def test_facts_of_a_table(patients):
    found = inspect(open_source(patients, exclude_problems=True))
    assert (found.listed, found.rows, len(found.problems)) == (27, 26, 1)
    age = found.fields[0]
    assert (age.kind, age.role, age.lowest, age.highest, age.different) == ("number", "input", 20, 43, 24)
    assert found.target == "outcome"
    assert found.task == "classify"
    assert found.classes == {"no": 10, "yes": 16}
    assert found.constant == ("site",)
    # One row stands twice; another has the inputs of an earlier row and the other answer.
    assert found.duplicates == 1
    assert found.conflicts == 2
    assert found.model == "mlp"


def test_the_command_is_ready_for_a_shell(patients):
    found = inspect(open_source(patients, exclude_problems=True))
    assert shlex.split(found.command) == [
        "layerwise", "train", str(patients), "mlp", "--target", "outcome", "--drop", "visit", "remark",
        "--exclude-problems",
    ]  # fmt: skip


def test_a_chosen_target_and_a_wrong_one(patients):
    source = open_source(patients, exclude_problems=True)
    found = inspect(source, "age")
    assert found.task == "regress"
    assert {fact.name: fact.role for fact in found.fields}["outcome"] == "input"
    with pytest.raises(LayerwiseError, match="Did you mean 'outcome'") as caught:
        inspect(source, "outcom")
    assert caught.value.exit_code == 2


def test_small_pictures_suit_lenet5():
    found = inspect(open_source("digits"))
    assert found.command == "layerwise train digits lenet5"
    assert found.fields[0].size == "8x8x1"
    assert found.duplicates == 0


def test_doubled_pictures_are_counted():
    pictures = np.random.default_rng(0).integers(0, 255, (6, 4, 4), dtype=np.uint8)
    pictures[4] = pictures[1]
    pictures[5] = pictures[2]
    found = inspect(open_source((pictures, [0, 1, 0, 1, 1, 1])))
    assert (found.duplicates, found.conflicts) == (1, 2)


def test_findings(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,y\n-999,only\n3,only\n-999,only\n4,\n-999,only\n5,only\n")
    found = inspect(open_source(path), "y")
    text = "\n".join(found.findings)
    assert "missing in 1 rows" in text
    assert "one class only: only" in text
    assert "-999 may stand for missing in: a" in text
    assert "--exclude-problems" in found.command


def test_a_class_of_one_row_is_named():
    found = inspect(open_source((np.arange(5.0), ["a", "a", "b", "b", "c"])))
    assert any("cannot be divided: c" in finding for finding in found.findings)


def test_data_without_a_target_get_no_command():
    found = inspect(open_source(np.zeros((4, 3, 3), np.uint8)))
    assert (found.target, found.task, found.command) == ("", "", "")
    assert found.reasons


def test_several_targets_stay():
    found = inspect(open_source((np.zeros((3, 2)), np.random.default_rng(0).random((3, 2)))))
    assert [fact.role for fact in found.fields].count("target") == 2


def test_plain_values_and_lines_in_both_languages(patients):
    found = inspect(open_source(patients, exclude_problems=True))
    assert json.loads(json.dumps(found.to_dict()))["classes"] == {"no": 10, "yes": 16}
    text = "\n".join(found.lines())
    assert "Rows loaded: 26; could not be read: 1." in text
    assert "my patients.csv, line 28: 2 cells, expected 5" in text
    assert found.command in text
    with use("ko"):
        korean = "\n".join(inspect(open_source(patients, exclude_problems=True)).lines())
    assert "26행을 읽었고 1행은 읽지 못했습니다." in korean
    assert found.command in korean


def test_neither_torch_nor_scikit_learn_is_imported_for_a_table(patients):
    code = (
        "import sys; from layerwise.data.open import open_source; from layerwise.data.inspect import inspect;"
        f"inspect(open_source({str(patients)!r}, exclude_problems=True)).lines();"
        "heavy = {'torch', 'sklearn', 'pyarrow', 'PIL', 'pandas', 'matplotlib', 'scipy'} & set(sys.modules);"
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
