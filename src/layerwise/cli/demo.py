"""`layerwise demo`: the lectures come alive on data that come with the package, in under three minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from cyclopts import Parameter

from layerwise.cli.options import Common, print_json
from layerwise.language import say

if TYPE_CHECKING:
    from layerwise.explain.explanation import Explanation
    from layerwise.runs.opened import Opened


def demo(*, run: str = "", common: Annotated[Common, Parameter(name="*")] = Common()) -> int:  # noqa: B008 - frozen
    """Walk through the lectures: their numbers by hand and by torch, LeNet-5 trained live, opened, and replayed.

    Examples:
        layerwise demo

        layerwise demo --language ko

    Args:
        run: Name or path of the run folder; runs/demo when left out.
    """
    from layerwise.cli.tables import print_lines

    loud = not (common.json or common.quiet)
    say_lines = print_lines if loud else (lambda *_lines: None)
    say_lines(say("1. The lectures' worked numbers, by hand and by torch"), "")
    agree = show_worked_numbers(loud)
    say_lines("", say("2. LeNet-5 learns 1,797 handwritten digits of 8x8 pixels"), "")
    opened = learn(run or "demo", loud)
    metrics = opened.folder.read("metrics.json")
    say_lines("", say("3. One digit, opened down to the sum of one window"), "")
    opened_well = show_one_digit(opened, loud)
    say_lines("", say("4. Its first training step, replayed by hand: forward, loss, backward, update"), "")
    replayed = show_step(opened, loud)
    from layerwise.workflow.report import write_report

    report = write_report(opened, common.language or "")
    say_lines(
        "", say("5. What next"), "", say("Report: {}", report),
        say("Your own data: layerwise data PATH, then layerwise train PATH"),
        say("Open another layer: layerwise explain {} --view convolution-window --layer C3", opened.folder.name),
    )  # fmt: skip
    ok = agree and opened_well and replayed
    if common.json:
        print_json({"run": str(opened.folder.path), "report": str(report), "worked_numbers_agree": agree,
                    "arithmetic_agrees": opened_well, "step_agrees": replayed, **metrics})  # fmt: skip
    return 0 if ok else 1


def show_worked_numbers(loud: bool) -> bool:
    """Print the worked numbers; True when every one agrees."""
    from layerwise.cli.tables import print_lines, print_table
    from layerwise.workflow.worked_numbers import slips, worked_numbers

    numbers = worked_numbers()
    if loud:
        rows = [
            [worked.name, worked.lecture, worked.shown or "-", compact(worked.by_hand), compact(worked.by_torch),
             "=" if worked.equal else say("DIFFERENT")]
            for worked in numbers
        ]  # fmt: skip
        print_table([say("what"), say("lecture"), say("it prints"), say("by hand"), say("by torch"), ""], rows)
        print_lines("", say("Where the slides slip:"), *(f"  {number}  {text}" for number, text in slips()))
    return all(worked.equal for worked in numbers)


def compact(values: np.ndarray) -> str:
    """Write a number or a small map in one line: rows separated by a bar."""
    if values.ndim == 0 or values.size == 1:
        return f"{float(values.ravel()[0]):,.10g}"
    return " | ".join(" ".join(f"{value:.5g}" for value in row) for row in values)


def learn(run: str, loud: bool) -> Opened:
    """Train LeNet-5 in its modern form with shifted copies, as the recipe of that name does."""
    from layerwise.cli.progress import listener
    from layerwise.cli.tables import print_lines, result_lines, results_table
    from layerwise.cli.train import show_beginning
    from layerwise.recipes import load_recipe
    from layerwise.workflow.start import start

    recipe = load_recipe("digits-lenet5-modern")
    opened, outcome = start(
        recipe.experiment, recipe.settings, recipe.experiment.load.data, run=run,
        listener=listener() if loud else None, witness=show_beginning if loud else None,
    )  # fmt: skip
    if outcome.reason == "interrupted":
        raise KeyboardInterrupt
    metrics = opened.folder.read("metrics.json")
    if loud:
        print_lines("")
        results_table(metrics, recipe.experiment.evaluate.confidence)
        print_lines("", *result_lines(metrics), beside_nearest(metrics))
    return opened


def beside_nearest(metrics: dict[str, Any]) -> str:
    """Say plainly how the network compares with one nearest neighbour, which needs no training."""
    network, nearest = metrics["metrics"]["accuracy"], metrics["baselines"]["knn"]["accuracy"]
    if nearest["high"] >= network["low"] and network["high"] >= nearest["low"]:
        return say(
            "1-NN, which only remembers the examples, does about as well here: {:.3f} beside {:.3f}.",
            nearest["value"], network["value"],
        )  # fmt: skip
    return say(
        "1-NN, which only remembers the examples, reaches {:.3f} beside {:.3f}.", nearest["value"], network["value"]
    )


def show_one_digit(opened: Opened, loud: bool) -> bool:
    """Open the most surely misread test digit, or the first one where none is misread."""
    from layerwise.cli.tables import print_lines
    from layerwise.explain.open import explain
    from layerwise.workflow.explain import choose_example, prepared_again, subject_of

    chosen = choose_example(opened)
    subject = subject_of(opened, prepared_again(opened), chosen)
    shown = explain(subject, "convolution-window", {"layer": "C1"})
    picture = opened.folder.path / "window.png"
    shown.save(picture)
    if loud:
        if chosen.misread:
            word = say("The digit is a {} and was read as a {}.", chosen.target, chosen.prediction)
        else:
            word = say("No digit of the test part was misread; this is its first.")
        print_lines(word, *window_lines(shown), "", str(shown), say("Picture: {}", picture))
    return all(check.ok for check in shown.verify())


def window_lines(shown: Explanation) -> list[str]:
    """Write the pixels under the kernel, the kernel, and their products side by side; the sum follows below."""
    names = {"patch": say("pixels x"), "kernel": say("weights w"), "products": say("products x·w")}
    parts = [shown.tensors[name].array[0] for name in names]
    width = 7 * parts[0].shape[1]
    rows = [
        "   ".join("".join(f"{value:7.2f}" for value in row) for row in three) for three in zip(*parts, strict=True)
    ]
    return ["", "   ".join(title.rjust(width) for title in names.values()), *rows]


def show_step(opened: Opened, loud: bool) -> bool:
    """Replay the first step of the run; True when every parameter agrees."""
    from layerwise.cli.tables import print_lines
    from layerwise.workflow.step import step_by_hand

    replay = step_by_hand(opened)
    if loud:
        print_lines(str(replay))
    return replay.ok
