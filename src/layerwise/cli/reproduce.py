"""`layerwise reproduce RECIPE`: repeat a recorded result and check it."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from layerwise.cli.options import Common, print_json
from layerwise.cli.tables import print_lines, print_table
from layerwise.language import say
from layerwise.recipes import Recipe, load_recipe, recipe_names


def reproduce(recipe: str = "", *, common: Annotated[Common, Parameter(name="*")] = Common()) -> int:  # noqa: B008
    """Repeat a recorded result with all of its seeds; exit code 1 when it falls short.

    Examples:
        layerwise reproduce

        layerwise reproduce iris-mlp

    Args:
        recipe: Name of the recipe; all are listed when left out.
    """
    if not recipe:
        list_recipes(as_json=common.json)
        return 0
    from layerwise.cli.progress import counter, listener
    from layerwise.workflow.reproduce import reproduce as repeat

    known = load_recipe(recipe)
    loud = not (common.json or common.quiet)
    if loud:
        print_lines(known.about, say("Expected: {}. Source: {}.", expectation(known), known.expected.source))
    told = (
        (lambda seed, value: print_lines(say("seed {}: {:.4f}", seed, value))) if loud else (lambda _seed, _value: None)
    )
    with counter() as progress:
        done = repeat(known, listener=listener if loud else None, told=told, progress=progress if loud else None)
    if common.json:
        print_json({
            "recipe": recipe, "metric": known.expected.metric, "expected": expectation(known), "reached": done.reached,
            "ok": done.ok, "seeds": list(known.expected.seeds), "values": list(done.values), "runs": list(done.runs),
            "metrics": list(done.metrics),
        })  # fmt: skip
    else:
        word = say("reached") if done.ok else say("NOT reached")
        print_lines(say("{}: {:.4g}, expected {}: {}", known.expected.metric, done.reached, expectation(known), word))
    return 0 if done.ok else 1


def list_recipes(*, as_json: bool) -> None:
    """Print every recipe with what it must reach."""
    known = [load_recipe(name) for name in recipe_names()]
    rows = [[each.name, expectation(each), each.cost, each.about] for each in known]
    if as_json:
        names = ("recipe", "expected", "cost", "about")
        print_json({"recipes": [dict(zip(names, row, strict=True)) for row in rows]})
        return
    print_table([say("recipe"), say("expected"), say("cost"), say("what it is")], rows)
    print_lines("", say("Repeat one: layerwise reproduce NAME"))


def expectation(recipe: Recipe) -> str:
    """Say in words what a recipe must reach."""
    expected = recipe.expected
    limit = f">= {expected.least:g}" if expected.most is None else f"<= {expected.most:g}"
    figure = f"{expected.metric} {limit}"
    if expected.beside:
        figure = say("{} within {:g} of {}'s", expected.metric, -(expected.least or 0.0), expected.beside)
    if expected.solved:
        (low, high), seeds = expected.solved, len(expected.seeds)
        if low == high == seeds:
            return say("{} with each of {} seeds", figure, seeds)
        if high == 0:
            return say("{} with none of {} seeds", figure, seeds)
        if high == seeds:
            return say("{} with at least {} of {} seeds", figure, low, seeds)
        return say("{} with {} to {} of {} seeds", figure, low, high, seeds)
    return say("{}, mean of {} seeds", figure, len(expected.seeds))
