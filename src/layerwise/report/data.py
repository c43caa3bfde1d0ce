"""The sections about what was learned from and what learned: the data and the layers of the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from layerwise.explain.layers import LayerRow, totals
from layerwise.language import say
from layerwise.report.contents import ReportData
from layerwise.report.html import Cell, details, items, paragraph, section, table, text
from layerwise.report.words import cut, number

__all__ = ["data_findings", "layers"]

MOST_UNFOLDED = 12
"""Rows of a table that is shown without being asked for."""

MOST_FIELDS = 60

MOST_CLASSES = 100

MOST_PROBLEMS = 100

MOST_SENTENCES = 40

MOST_LAYERS = 300


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
    words = {part: say("folds") if part == "test" and split["origin"] == "folds" else say(part) for part in parts}
    origins = {
        "own": say("The test part was given with the data."), "split": say("The test part was split off at random."),
        "training": say("The test part is the training part itself."), "none": say("No test part was kept."),
        "folds": say("Measured by folds: each row of the column of folds was answered by a network that did not learn "
                     "from it; the network that is kept learned from the rows of the other columns."),
    }  # fmt: skip
    if data.experiment.split.split_by == "time":
        origins["split"] = say("The test part is the last one in time.")
    if data.experiment.split.split_by == "order":
        origins["split"] = say("The test part is the last piece of the data in their order.")
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
    header = [say("class") if data.classes else "", *(words[part] for part in parts)]
    whole = table(caption, header, rows, right=range(1, len(parts) + 1), style="last-total")
    sizes = ", ".join(f"{words[part]} {len(split[part]):,}" for part in parts)
    folded = details(say("Rows of each part by class"), whole) if len(rows) > MOST_UNFOLDED else whole
    return paragraph(" ".join((origins.get(split["origin"], ""), say("Rows: {}.", sizes)))) + folded


def _fields(data: ReportData) -> str:
    """Return the fields with their roles; of very many only the first."""
    fields = data.data["fields"]
    steps = {step["field"]: step for step in data.data["preprocessing"] if step["kind"] != "selection"}
    rows: list[list[Cell]] = [
        [cut(part["name"]), say(part["role"]), say(part["kind"]), _treatment(steps.get(part["name"]))]
        for part in fields[:MOST_FIELDS]
    ]
    if len(fields) > MOST_FIELDS:
        rows.append([say("... and {} more", len(fields) - MOST_FIELDS), "", "", ""])
    header = [say("field"), say("role"), say("kind"), say("how it was prepared (fitted on the training part)")]
    whole = table(say("Fields"), header, rows)
    return whole if len(fields) <= MOST_UNFOLDED else details(say("Fields ({})", len(fields)), whole)


def _treatment(step: Mapping[str, Any] | None) -> str:
    """Say how one field became inputs."""
    if step is None:
        return ""
    if step["kind"] == "image":
        each = zip(step["mean"], step["deviation"], strict=True)
        scaled = ", ".join(_scaled(f"x / {number(step['maximum'])}", mean, deviation) for mean, deviation in each)
        return say("{} × {} pixels ({})", step["height"], step["width"], step["fit"]) + "; " + scaled
    if step["kind"] == "text":
        return say("{:,} different symbols ({})", len(step["vocabulary"]), say(step["unit"]))
    if step["kind"] == "tf-idf":
        return say("tf-idf of {:,} n-grams ({})", len(step["terms"]), say(step["unit"]))
    if step["kind"] == "interval" and not step["cuts"]:
        return say("left out")
    if step["kind"] == "interval":
        words, fill = say("one input for each of {} intervals", len(step["cuts"]) + 1), number(step["fill"])
    elif step["kind"] == "number":
        words, fill = _scaled("x", step["shift"], step["scale"]), number(step["fill"])
    else:
        words, fill = say("one input for each of {} values", len(step["values"])), cut(step["fill"], 30)
    return words + ("; " + say("{} missing filled with {}", step["missing"], fill) if step["missing"] else "")


def _scaled(value: str, shift: float, scale: float) -> str:
    """Write how a number was scaled: (x − 1.94) / 1.49."""
    return f"({value} {'−' if shift >= 0 else '+'} {number(abs(shift))}) / {number(scale)}"


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
