"""What every registered format keeps, found in the catalogue: a new one is held to it without an edit here."""

import importlib
import inspect
import random

import pytest

from layerwise.catalog import entries, find
from layerwise.data.open import open_source
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError

FORMATS = entries("format")


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """What a format unpacks goes into a cache of the test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def hostile(folder):
    """Make files that belong to nobody, or only look like somebody's; return their paths."""
    noise = random.Random(0)
    contents = {
        "empty": b"",
        "noise": noise.randbytes(4096),
        "zeros": bytes(4096),
        "text": "한글 그리고 text\n".encode() * 20,
        "header": b"\x00\x00\x08\x03" + noise.randbytes(12),
        "zip": b"PK\x03\x04" + noise.randbytes(200),
        "gzip": b"\x1f\x8b\x08" + noise.randbytes(200),
        "png": b"\x89PNG\r\n\x1a\n" + noise.randbytes(100),
    }
    endings = {ending for entry in FORMATS.values() for ending in entry.facts.get("suffixes", ())} | {"", ".bin"}
    paths = [folder / "nothing here"]
    for name, content in contents.items():
        for ending in sorted(endings):
            path = folder / f"{name}{ending}"
            path.write_bytes(content)
            paths.append(path)
    (folder / "empty folder").mkdir()
    return [*paths, folder / "empty folder"]


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_has_sniff_and_read_with_options_that_say_what_they_do(name):
    module = importlib.import_module(FORMATS[name].module)
    assert list(inspect.signature(module.sniff).parameters) == ["path"]
    parameters = inspect.signature(find("format", name)).parameters
    keyword_only = [word for word, part in parameters.items() if part.kind is part.KEYWORD_ONLY]
    assert keyword_only == [option.name for option in FORMATS[name].options]
    assert all(option.help for option in FORMATS[name].options), "every option is explained under Args:"
    assert FORMATS[name].summary.endswith(".")


@pytest.mark.parametrize("name", FORMATS)
def test_sniffing_answers_and_never_fails(name, tmp_path):
    sniff = importlib.import_module(FORMATS[name].module).sniff
    for path in hostile(tmp_path):
        assert sniff(path) in (True, False), path


def read(path, name) -> Source | LayerwiseError:
    """Read a path in a format as a user does who insists on it; return the source or the refusal."""
    try:
        return open_source(path, format=name, exclude_problems=True)
    except LayerwiseError as problem:
        return problem


@pytest.mark.parametrize("name", FORMATS)
def test_what_cannot_be_read_is_an_error_with_the_file_or_a_problem_of_the_source(name, tmp_path):
    answers = {path: read(path, name) for path in hostile(tmp_path)}
    refused = {path: answer for path, answer in answers.items() if isinstance(answer, LayerwiseError)}
    assert refused, "a format that refuses nothing reads everything as its own"
    for path, problem in refused.items():
        assert path.name in str(problem), problem
        assert problem.rule
        assert problem.remedy
    for path in answers.keys() - refused.keys():
        assert len(answers[path]) or answers[path].problems, f"{path} was read as nothing, and nothing was said"
