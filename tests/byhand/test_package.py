"""What holds for every module of byhand: it stands alone, names what it offers, and its examples run."""

import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest

import layerwise.byhand

MODULES = [module.name for module in pkgutil.iter_modules(layerwise.byhand.__path__, "layerwise.byhand.")]


def test_every_module_is_named_in_the_overview():
    for name in MODULES:
        assert f"`{name.rsplit('.', 1)[1]}`" in layerwise.byhand.__doc__, name


@pytest.mark.parametrize("name", MODULES)
def test_examples_run_and_everything_public_is_documented(name):
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0
    assert list(module.__all__) == sorted(module.__all__)
    own = {
        public
        for public, value in vars(module).items()
        if not public.startswith("_") and getattr(value, "__module__", None) == name
    }
    assert own <= set(module.__all__)
    for public in own:
        value = getattr(module, public)
        if inspect.isfunction(value):
            for section in ("Args:", "Source:", "Example:"):
                assert section in (value.__doc__ or ""), f"{name}.{public} has no {section}"


def test_nothing_but_numpy_is_needed():
    program = (
        f"import sys\nfor name in {MODULES!r}: __import__(name)\n"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in ('torch', 'sklearn', 'scipy')))\n"
        "print(sorted(m for m in sys.modules if m.startswith('layerwise.') and not m.startswith('layerwise.byhand')))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["[]", "[]"]
