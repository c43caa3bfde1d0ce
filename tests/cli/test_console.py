"""Consoles that cannot print every character, pipes that close, and Python that treats warnings as errors."""

import json
import os
import subprocess
import sys

import pytest

COMMANDS = (
    "--help", "data flowers.csv --target kind", "models", "models lenet5", "show lenet5", "show lenet5 --json",
    "train flowers.csv mlp --target kind --epochs 2 --threads 1", "evaluate flowers", "predict flowers flowers.csv",
    "explain digits", "explain digits --view convolution-window", "step flowers --by-hand", "report flowers", "runs",
    "reproduce", "doctor", "train irsi",
)  # fmt: skip
"""Every command at least once; `demo` is typed in the lecture walk."""

SCRIPT = """
import sys
from layerwise.cli.application import run
codes = [run([*words.split(), *sys.argv[1:]]) for words in {words!r}]
print()
print("codes", codes)
"""


def in_one_process(place, words, *, environment, options=(), switches=()):
    """Type commands one after another in a fresh Python; returns their exit codes and everything printed."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, *switches, "-c", SCRIPT.format(words=words), *options],
        cwd=place, capture_output=True, env={**clean, "OMP_NUM_THREADS": "1", **environment}, timeout=280, check=False,
    )  # fmt: skip
    assert b"Traceback" not in done.stderr, done.stderr.decode("utf-8", "replace")[-3000:]
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-3000:]
    codes = json.loads(done.stdout.rpartition(b"codes ")[2])
    return codes, done.stdout


CP949 = {"PYTHONIOENCODING": "cp949"}, "cp949"
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "ascii"


@pytest.mark.parametrize(
    ("language", "environment", "encoding"),
    [
        pytest.param("ko", *CP949, id="ko-cp949"), pytest.param("en", *ASCII, id="en-C"),
        pytest.param("en", *CP949, id="en-cp949", marks=pytest.mark.long),
        pytest.param("ko", *ASCII, id="ko-C", marks=pytest.mark.long),
    ],
)  # fmt: skip
def test_every_command_on_a_console_that_lacks_characters(place, environment, encoding, language):
    # A warning is an error here, too, so that none is shown to a user.
    codes, printed = in_one_process(
        place, COMMANDS, environment=environment, options=("--language", language), switches=("-W", "error")
    )
    assert codes == [*[0] * (len(COMMANDS) - 1), 2]
    text = printed.decode(encoding)
    if language == "ko" and encoding == "cp949":
        assert "정확도" in text


def test_a_reader_that_leaves_early(here):
    """`layerwise models | head -1` ends quietly."""
    with subprocess.Popen(
        [sys.executable, "-m", "layerwise", "models"], cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def test_korean_by_the_locale_and_by_the_option(here, command, monkeypatch):
    assert "보고서" not in command("runs").out
    assert "실행" in command("runs --language ko").out
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    assert "실행" in command("runs").out
    assert "run " in command("runs --language en").out
    assert "발견: " in command("train irsi").err


def test_the_language_may_be_given_with_an_equals_sign(here, command):
    assert "실행" in command("runs --language=ko").out
