"""Every sentence for people, in English where it is written and in Korean by one look-up.

The English template stands in the code, so that a reader sees what the user sees; the Korean one stands in
`language/korean/*.json`, keyed by the English template. Placeholders are positional: `{}` in English, and
`{0}`, `{1}` in Korean where the order of the words differs.
"""

from __future__ import annotations

import json
import locale
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from pathlib import Path
from typing import TypeVar, TypeVarTuple

__all__ = ["LANGUAGES", "current", "say", "spoken_here", "system_language", "use"]

LANGUAGES = ("en", "ko")

Given = TypeVarTuple("Given")
Result = TypeVar("Result")

_language: ContextVar[str] = ContextVar("language", default="en")


def say(template: str, *values: object) -> str:
    """Return a sentence in the current language with its values filled in.

    Example:
        >>> say("{} rows", 150)
        '150 rows'
    """
    if _language.get() == "ko":
        template = korean().get(template, template)
    return template.format(*values) if values else template.replace("{{", "{").replace("}}", "}")


@cache
def korean() -> dict[str, str]:
    """Return every Korean template, keyed by its English one."""
    templates: dict[str, str] = {}
    for path in sorted((Path(__file__).parent / "korean").glob("*.json")):
        templates.update(json.loads(path.read_text(encoding="utf-8")))
    return templates


def current() -> str:
    """Return the language now in use: `en` or `ko`."""
    return _language.get()


def system_language() -> str:
    """Return `ko` where the user's locale is Korean, else `en`."""
    name = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    if not name:
        name = locale.getlocale()[0] or ""
    language = name.replace(".", "_").partition("_")[0].lower()
    return "ko" if language in ("ko", "korean") else "en"


@contextmanager
def use(language: str) -> Iterator[None]:
    """Speak one language inside a `with` block.

    Example:
        >>> with use("ko"):
        ...     current()
        'ko'
    """
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def spoken_here(work: Callable[[*Given], Result]) -> Callable[[*Given], Result]:
    """Return work that speaks the language now in use wherever it is done: another thread begins in English.

    Example:
        >>> from concurrent.futures import ThreadPoolExecutor
        >>> with use("ko"), ThreadPoolExecutor(1) as pool:
        ...     list(pool.map(lambda work: work(), [current, spoken_here(current)]))
        ['en', 'ko']
    """
    language = current()

    @wraps(work)
    def speaking(*values: *Given) -> Result:
        with use(language):
            return work(*values)

    return speaking
