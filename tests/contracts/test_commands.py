"""What every command of the command line keeps."""

import ast
import importlib
import inspect
import shlex
from pathlib import Path

import pytest

import layerwise.cli
from layerwise.catalog import entries
from layerwise.cli.application import COMMANDS, examples
from layerwise.cli.options import Common, annotation_type, helps, part_options, settings_type
from layerwise.config import STAGES, setting_names
from layerwise.language import korean

FOLDER = Path(layerwise.cli.__file__).parent


def function(name):
    return getattr(importlib.import_module(f"layerwise.cli.{name}"), name)


def test_every_command_is_a_file_of_its_name():
    assert [name for name in COMMANDS if not (FOLDER / f"{name}.py").is_file()] == []
    public = {path.stem for path in FOLDER.glob("*.py")}
    others = {"__init__", "application", "learning_curve", "mistakes", "options", "progress", "tables"}
    assert public - others == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_common_options_mean_the_same_everywhere(name):
    parameters = inspect.signature(function(name)).parameters
    assert parameters["common"].default == Common()
    own = set(parameters) - {"common"}
    assert own.isdisjoint({"json", "quiet", "language", "debug"})


@pytest.mark.parametrize("name", COMMANDS)
def test_every_parameter_is_described(name):
    text = inspect.getdoc(function(name))
    parameters = [part for part in inspect.signature(function(name)).parameters if part != "common"]
    spread = ("settings", "model_options", "format_options", "view_options")
    missing = [part for part in parameters if part not in spread and f"    {part}: " not in text]
    assert missing == []


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_name_options_that_exist(name):
    lines = examples(function(name).__doc__).splitlines()[1:]
    assert lines
    known = {"--" + part.replace("_", "-") for part in setting_names()}
    known |= {"--" + part.replace("_", "-") for part in inspect.signature(function(name)).parameters}
    known |= {"--" + part.replace("_", "-") for part in ("json", "quiet", "language", "debug")}
    for kind in ("model", "format", "view"):
        known |= {"--" + option.name.replace("_", "-") for part in entries(kind).values() for option in part.options}
    for line in lines:
        words = shlex.split(line)
        assert words[:2] == ["layerwise", name]
        assert [word for word in words if word.startswith("--") and word not in known] == []


def test_every_line_of_the_command_list_is_there_in_korean():
    assert [line for line in COMMANDS.values() if line not in korean()] == []


def test_every_setting_is_an_option_with_a_help():
    names = set(setting_names())
    assert set(settings_type().__annotations__) == names - {"language"}
    assert {name for kind in STAGES.values() for (stage, name) in helps() if stage == kind.__name__} >= names


@pytest.mark.parametrize("kind", ["model", "format", "view"])
def test_options_of_parts_reach_the_command_line_with_their_types(kind):
    composed = part_options(kind).__annotations__
    for part in entries(kind).values():
        for option in part.options:
            assert option.help, f"{part.name}: {option.name} has no line under Args"
            annotation_type(option.annotation)
            assert option.name in composed


def test_options_of_parts_do_not_hide_the_words_of_a_command():
    for name, kinds in {"train": ("model", "format"), "show": ("model",), "data": ("format",), "explain": ("view",),
                        "predict": ("format",), "evaluate": ("format",)}.items():  # fmt: skip
        own = set(inspect.signature(function(name)).parameters) | {"json", "quiet", "language", "debug"}
        if name == "train":
            own |= set(setting_names())
        for kind in kinds:
            for part in entries(kind).values():
                assert own.isdisjoint(option.name for option in part.options), (name, part.name)


def test_no_command_imports_torch_when_its_file_is_read():
    heavy = {"torch", "sklearn", "matplotlib", "scipy", "pandas", "PIL"}
    for name in COMMANDS:
        for node in ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8")).body:
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert heavy.isdisjoint(module.partition(".")[0] for module in modules), name
