"""What the corpora of odd and damaged files share: how a file is damaged, and how an answer about it is judged."""

import time

from layerwise.data.open import open_source
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError

SLOWEST = 10.0
"""Seconds after which an answer counts as none."""


def outcome(path, format="", options=None, **settings) -> Source | None:
    """Read a file; None where it was refused with rule, file and remedy. Every problem has all that a person needs."""
    begun = time.perf_counter()
    try:
        source = open_source(path, format=format, options=options or {}, exclude_problems=True, **settings)
    except LayerwiseError as problem:
        refusal, source = problem, None
    assert time.perf_counter() - begun < SLOWEST
    if source is not None:
        for problem in source.problems:
            assert problem.where
            assert problem.rule
            assert problem.found
            assert problem.remedy
            assert len(problem.found) < 300
        return source
    assert path.name in str(refusal)
    assert refusal.rule
    assert refusal.remedy
    return None


def refusal(path, format="", options=None, **settings) -> LayerwiseError:
    """Return why a file is refused; a file that is read fails here."""
    assert outcome(path, format, options, **settings) is None
    try:
        open_source(path, format=format, options=options or {}, exclude_problems=True, **settings)
    except LayerwiseError as problem:
        return problem
    raise AssertionError(path)


def listed(source):
    """Count the items that a source loaded and those it reported."""
    return len(source) + len(source.problems)


def flipped(content, generator):
    """Change one to three bytes, or cut the end, or cut a piece out, or double one."""
    changed = bytearray(content)
    place = generator.randrange(len(content))
    kind = generator.randrange(4)
    if kind == 0:
        return bytes(changed[:place])
    if kind == 1:
        del changed[place : place + generator.randint(1, 20)]
    elif kind == 2:
        changed[place:place] = changed[place : place + generator.randint(1, 20)]
    else:
        for _ in range(generator.randint(1, 3)):
            changed[generator.randrange(len(changed))] = generator.randrange(256)
    return bytes(changed)
