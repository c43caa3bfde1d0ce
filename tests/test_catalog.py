"""The catalogue: what is registered is found by name, without importing anything."""

import subprocess
import sys

import pytest

from layerwise import catalog
from layerwise.catalog import KINDS, Entry, Option, entries, entry, find
from layerwise.errors import LayerwiseError

TEXT = '''"""A family."""
from layerwise.catalog import register


@register("wide", task="classify", source="arXiv:1234.5678", small={"inputs": 4, "outputs": 2})
def wide(inputs, outputs, *, width: int = 64, form: Literal["a", "b"] = "a", rate: float = -0.5):
    """A wide network.

    Args:
        inputs: Of one example.
        width: Units of the layer,
            at least 1.
        form: Which form.
        rate: A rate.

    Raises:
        LayerwiseError: Never.
    """


@register("plain")
class Plain:
    """Nothing but a name."""


def unregistered():
    """Not a part."""
'''


def read(text, tmp_path):
    path = tmp_path / "family.py"
    path.write_text(text, encoding="utf-8")
    return catalog._read("model", "family", path)


def test_a_part_is_read_from_its_source(tmp_path):
    wide, plain = read(TEXT, tmp_path)
    assert wide == Entry(
        "model", "wide", "family", "wide", "A wide network.",
        {"task": "classify", "source": "arXiv:1234.5678", "small": {"inputs": 4, "outputs": 2}},
        (Option("width", "int", 64, "Units of the layer, at least 1."),
         Option("form", "Literal['a', 'b']", "a", "Which form."), Option("rate", "float", -0.5, "A rate.")),
    )  # fmt: skip
    assert (plain.name, plain.function, plain.options, plain.facts) == ("plain", "Plain", (), {})


def test_an_option_needs_a_default(tmp_path):
    with pytest.raises(RuntimeError, match="the option 'width' of wide needs a default"):
        read(TEXT.replace("width: int = 64", "width: int"), tmp_path)


def test_every_kind_has_parts_in_alphabetical_order():
    for kind in KINDS:
        assert list(entries(kind)) == sorted(entries(kind))
    assert {"mlp", "lenet5", "perceptron", "knn", "majority", "logistic", "linear", "mean"} <= entries("model").keys()
    assert set(entries("task")) >= {"classify", "regress"}
    assert {"csv", "idx", "npy", "image-folder"} <= entries("format").keys()


def test_a_part_is_an_ordinary_function():
    from layerwise.models.mlp import mlp

    assert find("model", "mlp") is mlp


@pytest.mark.parametrize(("kind", "wrong", "right"), [("model", "lenet", "lenet5"), ("task", "clasify", "classify")])
def test_an_unknown_name_is_refused_with_the_nearest(kind, wrong, right):
    for ask in (entry, find):
        with pytest.raises(LayerwiseError, match=f"Did you mean '{right}'") as caught:
            ask(kind, wrong)
        assert caught.value.exit_code == 2


def test_listing_imports_no_part():
    script = (
        "import sys; from layerwise.catalog import KINDS, entries; [entries(kind) for kind in KINDS];"
        "print([name for name in sys.modules if name.startswith(('layerwise.models', 'layerwise.tasks', 'torch'))])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_another_package_adds_parts_by_its_entry_point(tmp_path):
    (tmp_path / "other_networks.py").write_text(TEXT.replace("Literal", "int | "), encoding="utf-8")
    (tmp_path / "other_networks.py").write_text(
        TEXT.replace('"""A family."""', "from typing import Literal"), encoding="utf-8"
    )
    info = tmp_path / "other_networks-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other-networks\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[layerwise]\nmodel.other = other_networks\n")
    script = (
        "from layerwise.catalog import entry, find\n"
        "print(entry('model', 'wide').module, find('model', 'wide').__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(tmp_path)}
    )
    assert done.stdout.split() == ["other_networks", "wide"]


def test_two_parts_of_one_name_are_a_mistake_of_the_house(tmp_path, monkeypatch):
    folder = tmp_path / "models"
    folder.mkdir()
    for name in ("one.py", "two.py"):
        (folder / name).write_text(TEXT, encoding="utf-8")
    monkeypatch.setattr(catalog, "__file__", str(tmp_path / "catalog.py"))
    entries.cache_clear()
    try:
        with pytest.raises(RuntimeError, match=r"both register the model 'plain'|both register the model 'wide'"):
            entries("model")
    finally:
        entries.cache_clear()


def test_every_model_names_its_task_and_its_origin():
    for name, part in entries("model").items():
        assert set(part.facts["task"].split()) <= set(entries("task")), name
        assert part.facts.get("source") or part.facts.get("lecture"), name
        assert part.facts["small"]["inputs"], name
