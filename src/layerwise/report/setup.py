"""The sections that let a run be repeated: settings, environment, and the exact commands."""

from __future__ import annotations

import dataclasses
import shlex
from typing import Any

from layerwise.catalog import entries
from layerwise.config import STAGES, Experiment
from layerwise.language import say
from layerwise.report.contents import ReportData
from layerwise.report.html import Cell, Raw, details, paragraph, section, table, text
from layerwise.report.words import cut

__all__ = ["command", "environment", "repeat", "settings"]


def settings(data: ReportData) -> str:
    """Return every setting as it was resolved, stage by stage in the order of the scheme."""
    cards = []
    for stage in STAGES:
        values = dataclasses.asdict(getattr(data.experiment, stage))
        options = values.pop("options", {})
        rows: list[list[Cell]] = [
            [Raw(f"<code>{text(name)}</code>"), _setting(value)] for name, value in (values | options).items()
        ]
        cards.append(table(stage, [say("setting"), say("value")], rows, style="plain"))
    plan: list[list[Cell]] = [[Raw(f"<code>{text(name)}</code>"), _setting(value)] for name, value in data.plan.items()]
    if plan:
        cards.append(table("plan", [say("setting"), say("value")], plan, style="plain"))
    note = say("What was not named was chosen by the model, the data or the default.")
    every = f'{paragraph(note)}<div class="cards">{"".join(cards)}</div>'
    return section("settings", say("Settings"), paragraph(_in_short(data)), details(say("Every setting"), every))


def _in_short(data: ReportData) -> str:
    """Say in a line how the network learned."""
    options = "".join(f", {name} = {_plain(value)}" for name, value in data.experiment.model.options.items())
    train, model = data.experiment.train, data.experiment.model.name + options
    if not data.history and data.metrics:
        return say("{}; solved at once; seed {}.", model, train.seed)
    changes = data.experiment.preprocess.augment
    return say(
        "{}; up to {} epochs in batches of {}; {} at rate {}, schedule {}; stopping: {}; augmentation: {}; seed {}.",
        model, train.epochs, train.batch_size, train.optimizer, f"{train.learning_rate:g}", train.schedule,
        train.stopping, " ".join(changes) or say("none"), train.seed,
    )  # fmt: skip


def _plain(value: Any) -> str:
    """Return the value of an option without brackets."""
    return " ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _setting(value: Any) -> Cell:
    """Return the value of a setting; what is empty is a dash."""
    if value == "" or value == () or value == []:
        return Raw("–", "none")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, tuple | list):
        return cut(" ".join(map(str, value)), 200)
    return cut(str(value), 200)


def environment(data: ReportData) -> str:
    """Return the versions and the machine that the result came from."""
    known = data.environment
    rows: list[list[Cell]] = [[name, str(known[name])] for name in ("layerwise", "python") if name in known]
    rows += [[name, str(number_)] for name, number_ in known.get("packages", {}).items()]
    rows += [[say(name), str(known[name])] for name in ("system", "processor", "cores") if name in known]
    return section("environment", say("Environment"), table(say("Versions and machine"), ["", ""], rows, style="plain"))


def repeat(data: ReportData) -> str:
    """Return the exact commands that repeat the run and open it further."""
    seed = data.experiment.train.seed
    if data.experiment.load.data == "memory":
        told = say("The data were in memory: pass the same ones to lw.train with the settings above.")
        first = ""
    else:
        told = say(
            "This command repeats the run, on this machine to the same weights; all randomness follows from seed {}.",
            seed,
        )
        first = f"<pre><code>{text(command(data.experiment))}</code></pre>"
    more = [f"layerwise explain {shlex.quote(data.handle)}", f"layerwise report {shlex.quote(data.handle)}"]
    if data.history:
        more.insert(1, f"layerwise step {shlex.quote(data.handle)} --by-hand")
    lines = "\n".join(text(line) for line in more)
    kept = say("predictions.csv in the run folder holds every answer, so that each figure can be recounted.")
    return section(
        "repeat", say("How to repeat it"), paragraph(told), first, paragraph(kept) if data.metrics else "",
        paragraph(say("To look further:")), f"<pre><code>{lines}</code></pre>",
    )  # fmt: skip


def command(whole: Experiment) -> str:
    """Return the command that repeats an experiment: every setting that differs from what would be chosen without it.

    Example:
        >>> from layerwise.config import Load, Model, Train
        >>> command(Experiment(Load("my data.csv"), model=Model("knn", {"k": 3}), train=Train(epochs=5, batch_size=16)))
        "layerwise train 'my data.csv' knn --k 3 --epochs 5 --batch-size 16 --seed 0"
    """
    known = entries("model")
    suggested = known[whole.model.name].facts.get("train", {}) if whole.model.name in known else {}
    words = ["layerwise", "train", shlex.quote(whole.load.data), shlex.quote(whole.model.name)]
    default = Experiment()
    for stage in STAGES:
        values = vars(getattr(whole, stage))
        for name, value in values.get("options", {}).items():
            words += _option(name, value)
        for name, value in values.items():
            usual = suggested.get(name, getattr(getattr(default, stage), name))
            if (stage, name) in (("load", "data"), ("model", "name"), ("view", "language")) or name == "options":
                continue
            if value != usual or name == "seed":
                words += _option(name, value)
    return " ".join(words)


def _option(name: str, value: Any) -> list[str]:
    """Write one option of the command line."""
    flag = "--" + name.replace("_", "-")
    if isinstance(value, bool):
        return [flag] if value else ["--no-" + name.replace("_", "-")]
    if name == "target" and isinstance(value, tuple):
        return [word for part in value for word in _option(name, part)]
    if isinstance(value, tuple | list):
        return [flag, *(shlex.quote(str(part)) for part in value)] if value else []
    text_ = repr(value) if isinstance(value, float) else str(value)
    # A value that begins with a dash would be read as an option.
    return [f"{flag}={shlex.quote(text_)}"] if text_.startswith("-") else [flag, shlex.quote(text_)]
