"""Build the documentation: execute every page, write site and notebooks, and check all links.

python docs/build.py --strict            everything; any warning fails
python docs/build.py --only 22           only the pages whose name holds "22", in both languages

Nothing is cached: what a page shows, it has just computed. Pages run side by side, each in a fresh process and an
empty folder, without a network.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import shutil
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from building.execute import Executed, execute
from building.page import Page, PageError, find_pages
from building.reference import write_reference
from building.written import write_notebook, write_page

DOCS = Path(__file__).resolve().parent
BUILT = DOCS / ".built"
SOURCE = DOCS.parent / "src" / "layerwise"

PROCESSES = 2

IN_MEMORY = [
    "torch._dynamo", "sklearn.linear_model", "sklearn.neighbors", "sklearn.metrics", "sklearn.datasets", "pyarrow.csv",
    "matplotlib.figure", "matplotlib.backends.backend_agg", "rich.table", "cyclopts", "layerwise.explain.drawing",
    "layerwise.models",
]  # fmt: skip
"""What every page would import again, at a cost of seconds; nothing of the command line, which begins anew."""


def main() -> int:
    """Build and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strict", action="store_true", help="fail at any warning")
    parser.add_argument("--only", default="", metavar="PAGE", help="only the pages whose name holds this")
    wanted = parser.parse_args()
    pages = find_pages(DOCS)
    chosen = [page for page in pages if wanted.only in page.name]
    if not chosen:
        print(f"no page is named like '{wanted.only}': {', '.join(sorted({page.name for page in pages}))}")
        return 2
    shutil.rmtree(BUILT, ignore_errors=True)
    BUILT.mkdir()
    failed = build_pages(chosen, {page.path.as_posix() for page in chosen})
    if failed:
        return 1
    reference = [] if wanted.only else write_reference(SOURCE, BUILT)
    write_style()
    return build_site(navigation(chosen, reference), strict=wanted.strict)


def build_pages(pages: list[Page], names: set[str]) -> int:
    """Execute and write pages side by side; return how many failed."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("MPLBACKEND", "Agg")
    failed = 0
    with ProcessPoolExecutor(PROCESSES, mp_context=fresh_processes(), max_tasks_per_child=1) as pool:
        running = {pool.submit(execute, page): page for page in pages}
        for done in as_completed(running):
            problem = done.exception()
            if isinstance(problem, PageError):
                failed += 1
                print(f"FAILED {problem}", file=sys.stderr)
                continue
            executed: Executed = done.result()
            write_page(executed, BUILT, names)
            if executed.page.executed:
                write_notebook(executed, BUILT)
                print(f"{executed.seconds:6.1f} s  {executed.page.path}", flush=True)
    return failed


def fresh_processes() -> Any:
    """Return how processes are started: each new, but with the libraries already in memory where that is possible."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IN_MEMORY)
    return context


def navigation(pages: list[Page], reference: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return the site's contents: pages by language in reading order, then the reference."""
    contents: list[dict[str, Any]] = []
    for language, guide, course in (("en", "Guide", "Course"), ("ko", "안내", "강의")):
        spoken = [page for page in pages if page.language == language]
        contents += [{page.title: page.path.as_posix()} for page in spoken if page.path.parent == Path()]
        for folder, title in (("guide", guide), ("course", course)):
            inside = [{page.title: page.path.as_posix()} for page in spoken if page.path.parent == Path(folder)]
            if inside:
                contents.append({title: inside})
    if reference:
        contents.append({"Reference": [{title: path} for title, path in reference]})
    return contents


def write_style() -> None:
    """Write the style sheet: ours, and the colours of code."""
    from pygments.formatters import HtmlFormatter

    colours = HtmlFormatter(style="friendly").get_style_defs(".highlight")
    ours = (DOCS / "style.css").read_text(encoding="utf-8")
    (BUILT / "style.css").write_text(f"{colours}\n{ours}", encoding="utf-8")


def build_site(contents: list[dict[str, Any]], *, strict: bool) -> int:
    """Let MkDocs turn the written pages into the site."""
    from mkdocs.commands.build import build
    from mkdocs.config import load_config
    from mkdocs.exceptions import Abort

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s  %(message)s")
    config = load_config(str(DOCS / "mkdocs.yml"), nav=contents, strict=strict)
    started = time.perf_counter()
    config.plugins.on_startup(command="build", dirty=False)
    try:
        build(config)
    except Abort as problem:
        print(problem, file=sys.stderr)
        return 1
    finally:
        config.plugins.on_shutdown()
    print(f"{time.perf_counter() - started:6.1f} s  site: {Path(config.site_dir)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
