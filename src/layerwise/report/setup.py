"""The sections about how a run came to be: settings, data, layers, environment, and how to repeat it."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Mapping
from typing import Any

from layerwise.catalog import entries
from layerwise.config import STAGES, Experiment
from layerwise.explain.layers import LayerRow, totals
from layerwise.language import say
from layerwise.report.contents import ReportData
from layerwise.report.html import Cell, Raw, details, items, paragraph, section, table, text
from layerwise.report.words import cut, number

__all__ = ["command", "data_findings", "environment", "layers", "repeat", "settings"]

MOST_FIELDS = 60
MOST_CLASSES = 100
MOST_PROBLEMS = 100
MOST_SENTENCES = 40
MOST_LAYERS = 300


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


def data_findings(data: ReportData) -> str:
    """Return what the data are, how they were divided, and what was found in them."""
    known = data.data
    facts = [(say("name"), known["name"]), (say("from"), known["origin"]), (say("licence"), known["licence"]),
             (say("rows"), f"{known['rows']:,}"), (say("fingerprint (SHA-256)"), known["fingerprint"])]  # fmt: skip
    shown = "".join(f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>" for name, value in facts if value)
    return section(
        "data", say("The data"), f'<dl class="facts">{shown}</dl>', _divided(data), _fields(data), _problems(data),
        _sentences(say("How they were read"), data.notes), _sentences(say("What was chosen"), data.reasons),
    )  # fmt: skip


def _divided(data: ReportData) -> str:
    """Return the rows of each part, by class where there are classes."""
    split = data.data["split"]
    parts = [part for part in ("train", "validation", "test") if split[part]]
    origins = {
        "own": say("The test part was given with the data."), "split": say("The test part was split off at random."),
        "training": say("The test part is the training part itself."), "none": say("No test part was kept."),
    }  # fmt: skip
    rows: list[list[Cell]] = []
    if data.classes:
        names = data.class_names
        for place, name in list(enumerate(names))[:MOST_CLASSES]:
            counts = [data.classes[part][place] for part in parts]
            rows.append([cut(name), *(f"{count:,}" for count in counts)])
        if len(names) > MOST_CLASSES:
            rows.append([say("... and {} more", len(names) - MOST_CLASSES), *("" for _ in parts)])
    rows.append([say("all"), *(f"{len(split[part]):,}" for part in parts)])
    caption = say("Rows of each part by class") if data.classes else say("Rows of each part")
    header = [say("class") if data.classes else "", *(say(part) for part in parts)]
    return paragraph(origins.get(split["origin"], "")) + table(
        caption, header, rows, right=range(1, len(parts) + 1), style="last-total"
    )


def _fields(data: ReportData) -> str:
    """Return the fields with their roles; of very many only the first."""
    fields = data.data["fields"]
    steps = {step["field"]: step for step in data.data["preprocessing"]}
    rows: list[list[Cell]] = [
        [cut(part["name"]), say(part["role"]), say(part["kind"]), _treatment(steps.get(part["name"]))]
        for part in fields[:MOST_FIELDS]
    ]
    if len(fields) > MOST_FIELDS:
        rows.append([say("... and {} more", len(fields) - MOST_FIELDS), "", "", ""])
    header = [say("field"), say("role"), say("kind"), say("how it was prepared (fitted on the training part)")]
    whole = table(say("Fields"), header, rows)
    return whole if len(fields) <= 12 else details(say("Fields ({})", len(fields)), whole)


def _treatment(step: Mapping[str, Any] | None) -> str:
    """Say how one field became inputs."""
    if step is None:
        return ""
    if step["kind"] == "number":
        words = say("(x − {}) / {}", number(step["shift"]), number(step["scale"]))
        filled = say("{} missing filled with {}", step["missing"], number(step["fill"])) if step["missing"] else ""
        return "; ".join(part for part in (words, filled) if part)
    if step["kind"] == "category":
        words = say("one input for each of {} values", len(step["values"]))
        filled = say("{} missing filled with {}", step["missing"], cut(step["fill"], 30)) if step["missing"] else ""
        return "; ".join(part for part in (words, filled) if part)
    sizes = (step["channels"], step["height"], step["width"], step["fit"])
    return say("channels: {}, each scaled by its training mean and deviation; {} × {} pixels ({})", *sizes)


def _problems(data: ReportData) -> str:
    """Return what could not be read, with what to do about it."""
    problems = data.data["problems"]
    if not problems:
        return ""
    rows: list[list[Cell]] = [
        [cut(problem["where"], 120), cut(problem["found"], 200), cut(problem["remedy"], 200)]
        for problem in problems[:MOST_PROBLEMS]
    ]
    if len(problems) > MOST_PROBLEMS:
        rows.append([say("... and {} more", len(problems) - MOST_PROBLEMS), "", ""])
    return table(
        say("Could not be read and were left out: {}", len(problems)), [say("where"), say("found"), say("remedy")], rows
    )


def _sentences(title: str, sentences: tuple[str, ...]) -> str:
    """Return sentences under a small heading."""
    shown: list[Cell] = [cut(line, 400) for line in sentences[:MOST_SENTENCES]]
    if len(sentences) > MOST_SENTENCES:
        shown.append(say("... and {} more", len(sentences) - MOST_SENTENCES))
    return f"<h3>{text(title)}</h3>{items(shown)}" if shown else ""


def layers(data: ReportData) -> str:
    """Return the layer table of the network."""
    if not data.layers:
        return ""
    total = totals(data.layers)
    rows = [_layer(row) for row in data.layers[:MOST_LAYERS]]
    if len(data.layers) > MOST_LAYERS:
        rows.append([say("... and {} more", len(data.layers) - MOST_LAYERS), *("" for _ in range(10))])
    rows.append(
        [
            say("all"),
            "",
            "",
            "",
            "",
            "",
            "",
            f"{total.parameters:,}",
            f"{total.multiply_adds:,}",
            _memory(total.output_bytes),
            "",
        ]
    )
    windows = any(row.kernel for row in data.layers)
    header = [
        say("layer"), say("type"), say("maps"), say("size"), say("kernel"), say("stride"), say("activation"),
        say("parameters"), say("multiply-adds"), say("memory"), say("receptive field"),
    ]  # fmt: skip
    kept = [place for place in range(11) if windows or place not in (2, 4, 5, 10)]
    rows = [[row[place] for place in kept] for row in rows]
    right = [order for order, place in enumerate(kept) if place not in (0, 1, 6)]
    told = say(
        "{}: {:,} parameters, {:,} multiply-adds for one example.",
        data.experiment.model.name,
        total.parameters,
        total.multiply_adds,
    )
    caption = say("Layers in the order in which an example passes")
    whole = table(caption, [header[place] for place in kept], rows, right=right, style="last-total")
    return section("layers", say("The network"), paragraph(told), whole)


def _layer(row: LayerRow) -> list[Cell]:
    """Return one layer as cells."""
    return [
        cut(row.name, 40), say(row.type), "" if row.maps is None else f"{row.maps:,}", _times(row.size),
        _times(row.kernel), _times(row.stride), row.activation, f"{row.parameters:,}" if row.parameters else "",
        f"{row.multiply_adds:,}" if row.multiply_adds else "", _memory(row.output_bytes), _times(row.receptive_field),
    ]  # fmt: skip


def _times(size: tuple[int, ...] | None) -> str:
    """Return sizes as they are written in the field: 28 × 28."""
    return " × ".join(f"{side:,}" for side in size) if size else ""


def _memory(amount: int) -> str:
    """Return an amount of memory."""
    if amount < 1024:
        return f"{amount} B" if amount else ""
    return f"{amount / 1024:,.1f} KiB" if amount < 1024**2 else f"{amount / 1024**2:,.1f} MiB"


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
    if isinstance(value, tuple | list):
        return [flag, *(shlex.quote(str(part)) for part in value)] if value else []
    text_ = repr(value) if isinstance(value, float) else str(value)
    # A value that begins with a dash would be read as an option.
    return [f"{flag}={shlex.quote(text_)}"] if text_.startswith("-") else [flag, shlex.quote(text_)]
