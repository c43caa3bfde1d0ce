"""The reference: one page a package, written from the docstrings of its modules."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = "layerwise"

ROWS = (
    "byhand", "data", "layers", "metrics", "tasks", "models", "training", "runs", "evaluation", "explain", "report",
    "workflow", "recipes", "cli",
)  # fmt: skip
"""The packages in reading order."""

FIRST = ("api", "estimators", "catalog", "config", "errors", "files", "language")
"""What stands at the top of the package, in reading order."""


def write_reference(source: Path, target: Path) -> list[tuple[str, str]]:
    """Write the reference pages and return (title, path) of each.

    Args:
        source: The folder of the package.
        target: Folder of the site's sources.
    """
    folder = target / "reference"
    folder.mkdir(parents=True, exist_ok=True)
    pages = [("layerwise", [name for name in FIRST if (source / f"{name}.py").exists() or (source / name).is_dir()])]
    pages += [(row, modules(source, row)) for row in ROWS if (source / row).is_dir()]
    written = []
    for title, names in pages:
        shown = [name for name in names if documented(source, name)]
        if not shown:
            continue
        place = source / ("__init__.py" if title == PACKAGE else f"{title}/__init__.py")
        head = f"# {title}\n\n{ast.get_docstring(ast.parse(place.read_text(encoding='utf-8'))) or ''}\n"
        body = "\n".join(f"::: {PACKAGE}.{name}\n" for name in shown)
        (folder / f"{title}.md").write_text(f"{head}\n{body}", encoding="utf-8")
        written.append((title, f"reference/{title}.md"))
    return written


def modules(source: Path, row: str) -> list[str]:
    """Return the modules of a package as dotted names below ours, files of folders inside it, too."""
    found = [
        ".".join(path.relative_to(source).with_suffix("").parts)
        for path in sorted((source / row).rglob("*.py"))
        if not path.stem.startswith("_")
    ]
    return sorted(found, key=lambda name: (name.count("."), name))


def documented(source: Path, name: str) -> bool:
    """Whether a module has anything public that says what it does."""
    path = source / (name.replace(".", "/") + ".py")
    tree = ast.parse((path if path.exists() else source / name / "__init__.py").read_text(encoding="utf-8"))
    kinds = ast.FunctionDef | ast.ClassDef
    return any(isinstance(node, kinds) and not node.name.startswith("_") for node in tree.body)
