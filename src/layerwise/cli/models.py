"""`layerwise models [NAME]`: the catalogue of networks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated

from cyclopts import Parameter

from layerwise.catalog import Entry, entries, entry
from layerwise.cli.options import Common, print_json
from layerwise.cli.tables import print_lines, print_table
from layerwise.language import say


def models(
    name: str = "", *, task: str = "", common: Annotated[Common, Parameter(name="*")] = Common()  # noqa: B008 - frozen
) -> None:  # fmt: skip
    """List the networks, or describe one with its options.

    Examples:
        layerwise models

        layerwise models --task regress

        layerwise models mlp

    Args:
        name: Network to describe; all are listed when left out.
        task: Only networks that learn this task: classify, regress, language, translate, density, play, detect ...
    """
    if task:
        entry("task", task)
    chosen = {name: entry("model", name)} if name else dict(entries("model"))
    chosen = {key: part for key, part in chosen.items() if not task or task in part.facts.get("task", "").split()}
    if common.json:
        print_json({key: describe(part) for key, part in chosen.items()})
    elif name:
        show_one(chosen[name])
    else:
        print_table([say("task"), say("name"), say("what it is"), say("source")], by_task(chosen))
        print_lines("", say("Options of one: layerwise models NAME. Its layers: layerwise show NAME --input 1x32x32"))


def by_task(chosen: Mapping[str, Entry]) -> list[list[str]]:
    """Return one row a network, those of a task together; the tasks that most networks learn stand first."""
    tasks = {key: part.facts.get("task", "") for key, part in chosen.items()}
    first = {key: (task.split() or [""])[0] for key, task in tasks.items()}
    sizes = Counter(first.values())
    order = sorted(chosen, key=lambda key: (-sizes[first[key]], first[key], key))
    return [[tasks[key], key, chosen[key].summary, chosen[key].facts.get("source", "")] for key in order]


def describe(part: Entry) -> dict[str, object]:
    """Return one entry as plain values."""
    options = {
        option.name: {"type": option.annotation, "default": option.default, "help": option.help}
        for option in part.options
    }
    return {
        "summary": part.summary,
        **{key: value for key, value in part.facts.items() if key != "small"},
        "options": options,
    }


def show_one(part: Entry) -> None:
    """Print one network with its options."""
    print_lines(f"{part.name}: {part.summary}")
    for key, word in (("task", say("task")), ("source", say("source")), ("lecture", say("lecture"))):
        if part.facts.get(key):
            print_lines(f"  {word}: {part.facts[key]}")
    if part.options:
        print_lines("")
        rows = [
            [f"--{option.name.replace('_', '-')}", option.annotation, str(option.default), option.help]
            for option in part.options
        ]
        print_table([say("option"), say("type"), say("default"), say("meaning")], rows)
