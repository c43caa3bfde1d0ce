"""layerwise: from raw files to a trained, honestly evaluated, explained network.

The public names are imported when they are first used, so that `import layerwise` costs nothing.

Example:
    >>> import layerwise as lw
    >>> lw.__version__.count(".")
    2
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from layerwise.api import Run, compare, inspect, list_models, list_runs, load, show, train
    from layerwise.data.source import Source
    from layerwise.errors import LayerwiseError
    from layerwise.estimators import Classifier, Regressor

__all__ = [
    "Classifier", "LayerwiseError", "Regressor", "Run", "Source", "__version__", "compare", "inspect", "list_models",
    "list_runs", "load", "show", "train",
]  # fmt: skip

_PLACES = {
    "Classifier": "layerwise.estimators",
    "LayerwiseError": "layerwise.errors",
    "Regressor": "layerwise.estimators",
    "Run": "layerwise.api",
    "Source": "layerwise.data.source",
    "compare": "layerwise.api",
    "inspect": "layerwise.api",
    "list_models": "layerwise.api",
    "list_runs": "layerwise.api",
    "load": "layerwise.api",
    "show": "layerwise.api",
    "train": "layerwise.api",
}


def __getattr__(name: str) -> Any:
    """Import a public name on its first use (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        return version("layerwise")
    if name not in _PLACES:
        message = f"module 'layerwise' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(importlib.import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
