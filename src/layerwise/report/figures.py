"""The sections that show what was measured: learning curves, figures with intervals, confusion, ROC, residuals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from layerwise.explain.drawing import font_note, png, svg
from layerwise.language import say
from layerwise.metrics.ranking import RocCurve, roc_curve
from layerwise.report import plots
from layerwise.report.contents import ReportData
from layerwise.report.html import Cell, Raw, details, paragraph, picture, section, table, text
from layerwise.report.words import bounds, cut, learner, metric, number, percent, retold, value

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["class_table", "confusion", "curves", "figures", "ranking", "regression"]

MOST_EPOCHS = 60
MOST_CURVES = 10
MOST_CLASSES = 200
MOST_PAIRS = 10
LARGEST_MATRIX = 30
SPARE_MATRIX = 12
"""Classes above which the cells of a confusion matrix hold counts only."""

RATES = (0.01, 0.05, 0.1, 0.2)
"""False positive rates at which a ROC curve is read."""

DRAWN_AS_LINES = 1000
"""Points of a scatter plot above which it is kept as pixels."""


def curves(data: ReportData) -> str:
    """Return the learning curves, or why there are none."""
    title = say("How it learned")
    if not data.history:
        told = say("This network is solved at once, without epochs.") if data.metrics else say("No epoch was finished.")
        return section("curves", title, paragraph(told))
    learning = data.metrics.get("learning", {}) if data.metrics else {}
    chosen = int(learning.get("best_epoch", 0))
    words = say("Loss of the training and the validation part by epoch.")
    drawn = plots.learning_curves(data.history, chosen)
    return section(
        "curves", title, paragraph(_how_it_ended(data, learning)),
        picture(svg(drawn), "image/svg+xml", words + " " + _ends(data.history), words, _epochs(data.history, chosen)),
        paragraph(font_note(), "quiet"),
    )  # fmt: skip


def _how_it_ended(data: ReportData, learning: Mapping[str, Any]) -> str:
    """Say how long it learned and why it stopped."""
    if not learning:
        return say("It was interrupted. Epochs finished: {}.", len(data.history))
    reasons = {
        "epochs": say("all epochs were done"), "validation": say("the validation loss no longer fell"),
        "no-errors": say("no training example was wrong"),
    }  # fmt: skip
    return say(
        "Epochs: {}, in {} seconds. It stopped because {}; the weights are those of epoch {}.",
        learning["epochs"], number(learning["seconds"]), reasons.get(learning["reason"], learning["reason"]),
        learning["best_epoch"],
    )  # fmt: skip


def _ends(history: Sequence[Mapping[str, Any]]) -> str:
    """Say where the curves begin and end."""
    first, last = history[0]["train_loss"], history[-1]["train_loss"]
    if first is None or last is None:
        return ""
    return say("The training loss goes from {} to {}.", number(first), number(last))


def _epochs(history: Sequence[Mapping[str, Any]], chosen: int) -> str:
    """Return the losses as a table, thinned out where the epochs are many."""
    places = np.unique(np.linspace(0, len(history) - 1, min(len(history), MOST_EPOCHS)).round().astype(int))
    kept = {int(place) for place in places} | ({chosen - 1} if 0 < chosen <= len(history) else set())
    rows = [
        [str(record["epoch"]) + (" ★" if record["epoch"] == chosen else ""), _loss(record["train_loss"]),
         _loss(record["validation_loss"]), number(record["learning_rate"])]
        for record in (history[place] for place in sorted(kept))
    ]  # fmt: skip
    header = [say("epoch"), say("training"), say("validation"), say("learning rate")]
    return table(say("Loss by epoch; ★ marks the epoch whose weights were kept"), header, rows, right=range(4))


def _loss(amount: float | None) -> str:
    return "–" if amount is None else number(amount)


def figures(data: ReportData) -> str:
    """Return every figure with its interval, for the network on each part and for the baselines."""
    network = data.experiment.model.name
    sides = {f"{network}, {say(data.part)}": data.metrics["metrics"]}
    if data.part == "test":
        sides[f"{network}, {say('train')}"] = data.metrics["train"]
    if data.metrics["validation"]:
        sides[f"{network}, {say('validation')}"] = data.metrics["validation"]
    if data.metrics["unseen"].get("metrics"):
        sides[f"{network}, {say('test, never seen')}"] = data.metrics["unseen"]["metrics"]
    sides |= {learner(name): found for name, found in data.metrics["baselines"].items()}
    first = next(iter(sides.values()))
    rows: list[list[Cell]] = [[metric(name), *(_measured(side.get(name)) for side in sides.values())] for name in first]
    header: list[Cell] = [say("figure"), *(_side(name, found) for name, found in sides.items())]
    whole = table(say("Figures with their {} % intervals", data.percent), header, rows,
                  right=range(1, 1 + len(sides)), style="figures sides")  # fmt: skip
    told = say("Baselines learned from the same training part and answered the same test part.")
    reasons = {retold(found["reason"]) for side in sides.values() for found in side.values() if found["reason"]}
    methods = [[metric(name), say(found["method"]), f"{found['n']:,}"] for name, found in first.items()]
    how = table(say("How each interval was found"), [say("figure"), say("method"), "n"], methods, right=(2,))
    return section(
        "figures", say("What was measured"), paragraph(told) if data.metrics["baselines"] else "", whole,
        *(paragraph(reason, "quiet") for reason in sorted(reasons)), details(say("How each interval was found"), how),
    )  # fmt: skip


def _side(name: str, found: Mapping[str, Any]) -> Cell:
    """Return the heading of one side with the number of items behind it."""
    counts = [interval["n"] for interval in found.values()]
    return Raw(f"{text(name)}<small>n = {max(counts, default=0):,}</small>")


def _measured(interval: Mapping[str, Any] | None) -> Cell:
    """Return a figure above its interval."""
    return Raw(f"{text(value(interval))}<small>{text(bounds(interval))}</small>") if interval else "–"


def confusion(data: ReportData) -> str:
    """Return the confusion matrix as counts and row shares; of very many classes only the commonest confusions."""
    matrix = np.array(data.metrics["confusion"])
    title = say("What is taken for what")
    pairs = _confused(data, matrix)
    if len(matrix) > LARGEST_MATRIX:
        note = say("{} classes are too many for one matrix; predictions.csv holds every answer.", len(matrix))
        return section("confusion", title, paragraph(note), pairs)
    told = say("A row is a true class, a column what the network answered; right answers stand on the diagonal.")
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    spare = len(matrix) > SPARE_MATRIX
    names = data.class_names
    rows: list[list[Cell]] = [
        [cut(names[row], 24), *(_share(matrix, shares, row, column, spare=spare) for column in range(len(matrix))),
         f"{int(matrix[row].sum()):,}"]
        for row in range(len(matrix))
    ]  # fmt: skip
    longest = max(len(name) for name in names)
    upright = spare or longest > 16 or (len(names) > 6 and longest > 7)
    header: list[Cell] = [
        Raw(f"<small>{text(say('true ↓  answered →'))}</small>"),
        *(_column(name, upright) for name in names),
        say("all"),
    ]
    whole = table(say("Confusion matrix of the {} part: counts and shares of the row", say(data.part)), header, rows,
                  right=range(1, len(header)), style="matrix spare" if spare else "matrix")  # fmt: skip
    return section("confusion", title, paragraph(told), whole, pairs)


def _column(name: str, upright: bool) -> Cell:
    """Return the heading of a column; long or many names stand upright."""
    return Raw(f"<span>{text(cut(name, 24))}</span>", "upright" if upright else "")


def _share(matrix: np.ndarray, shares: np.ndarray, row: int, column: int, *, spare: bool) -> Cell:
    """Return one cell, shaded by its share of the row: blue on the diagonal, orange off it."""
    count, share = int(matrix[row, column]), float(shares[row, column])
    if not count:
        return Raw("·", "none")
    small = "" if spare else f"<small>{percent(share)}</small>"
    side, depth = "right" if row == column else "wrong", 0.08 + 0.5 * share
    start = f'<span class="shade {side}" style="--share:{depth:.2f}" title="{percent(share)}">'
    return Raw(f"{start}{count:,}{small}</span>")


def _confused(data: ReportData, matrix: np.ndarray) -> str:
    """Return the commonest confusions, where the classes are more than a glance takes in."""
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    if len(matrix) < 5 or not wrong.any():
        return ""
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_PAIRS]
    fewest = min(2, int(wrong.max()))
    rows = []
    for place in order:
        true, answered = divmod(int(place), len(matrix))
        if wrong[true, answered] >= fewest:
            share = percent(wrong[true, answered] / matrix[true].sum())
            names = (cut(data.class_names[true]), cut(data.class_names[answered]))
            rows.append([*names, f"{wrong[true, answered]:,}", share])
    header = [say("true class"), say("answered"), say("count"), say("share of the true class")]
    return table(say("Commonest confusions"), header, rows, right=(2, 3))


def class_table(data: ReportData) -> str:
    """Return precision, recall, F1 and AUC of every class with their intervals."""
    names = list(data.class_names)
    known = data.metrics["classes"]
    names.sort(key=lambda name: known[name]["recall"]["value"] if known[name]["recall"]["value"] is not None else 2.0)
    rows: list[list[Cell]] = [
        [
            cut(name),
            f"{known[name]['recall']['n']:,}",
            *(_measured(known[name][part]) for part in ("precision", "recall", "f1", "auc")),
        ]
        for name in names[:MOST_CLASSES]
    ]
    header = [say("class"), say("rows"), say("precision"), say("recall"), "F1", "AUC"]
    note = (
        say("Only the {} classes with the lowest recall are shown.", MOST_CLASSES) if len(names) > MOST_CLASSES else ""
    )
    whole = table(say("Classes, the lowest recall first, with {} % intervals", data.percent), header, rows,
                  right=range(1, 6), style="figures")  # fmt: skip
    return section("classes", say("Each class"), paragraph(note), whole)


def ranking(data: ReportData) -> str:
    """Return the ROC curves: of the positive class for two classes, else of each class against all others."""
    chosen = _ranked(data)
    if not chosen:
        return ""
    names = data.class_names
    lines = []
    for place in chosen:
        curve = roc_curve(data.measured.targets == place, data.measured.scores[:, place])
        lines.append((cut(names[place], 24), curve, float(data.metrics["classes"][names[place]]["auc"]["value"])))
    if len(names) == 2:
        words = say("ROC curve of class '{}': AUC {}.", cut(names[chosen[0]]), f"{lines[0][2]:.3f}")
    elif len(names) > MOST_CURVES:
        words = say("ROC curves of the {} classes with the lowest AUC, each against all others.", len(lines))
    else:
        words = say("ROC curves of the classes, each against all others.")
    spoken = words + " " + ", ".join(f"{name} {area:.3f}" for name, _, area in lines)
    shown = picture(svg(plots.roc_curves(lines)), "image/svg+xml", spoken, words, _rates(lines))
    told = say("How well the scores put one class before the others, at every threshold.")
    return section("roc", say("ROC"), paragraph(told), shown)


def _ranked(data: ReportData) -> list[int]:
    """Return the places of the classes whose curves are drawn."""
    names = data.class_names
    known = data.metrics["classes"]
    places = [place for place, name in enumerate(names) if known[name]["auc"]["value"] is not None]
    if len(names) == 2:
        positive = data.experiment.evaluate.positive
        return [names.index(positive) if positive in names else 1] if places else []
    if len(places) > MOST_CURVES:
        places = sorted(places, key=lambda place: float(known[names[place]]["auc"]["value"]))[:MOST_CURVES]
    return sorted(places)


def _rates(lines: Sequence[tuple[str, RocCurve, float]]) -> str:
    """Return the curves as a table: the rate of true positives at a few rates of false ones."""
    rows = [
        [
            name,
            f"{area:.3f}",
            *(f"{curve.true_positive_rate[curve.false_positive_rate <= rate].max():.3f}" for rate in RATES),
        ]
        for name, curve, area in lines
    ]
    header = [say("class"), "AUC", *(percent(rate) for rate in RATES)]
    return table(
        say("True positive rate where at most this share of the others is taken in"), header, rows, right=range(1, 6)
    )


def regression(data: ReportData) -> str:
    """Return predictions against true numbers, and the errors against the predictions."""
    answers, name = data.measured, cut(data.target, 24)
    first = say("Predicted against true '{}' ({} part); right predictions lie on the line.", name, say(data.part))
    second = say("What is left, true minus predicted, against the prediction; a good fit shows no pattern.")
    errors = answers.targets - answers.predictions
    against = plots.predicted_against_true(answers.targets, answers.predictions, name)
    left = plots.residuals(answers.targets, answers.predictions, name)
    return section(
        "regression", say("Predictions"), '<div class="pair">',
        _scatter(against, first, len(answers), _quarters(data)), _scatter(left, second, len(answers), _spread(errors)),
        "</div>",
    )  # fmt: skip


def _scatter(drawn: Figure, words: str, points: int, numbers: str) -> str:
    """Return a scatter plot: as lines where the points are few, else as pixels."""
    if points <= DRAWN_AS_LINES:
        return picture(svg(drawn), "image/svg+xml", words, words, numbers)
    return picture(png(drawn), "image/png", words, words, numbers)


def _quarters(data: ReportData) -> str:
    """Return mean truth and prediction in each quarter of the true numbers."""
    targets, predictions = data.measured.targets, data.measured.predictions
    rows = []
    for number_, places in enumerate(np.array_split(np.argsort(targets, kind="stable"), 4), start=1):
        if len(places):
            error = np.abs(targets[places] - predictions[places]).mean()
            rows.append(
                [
                    str(number_),
                    f"{len(places):,}",
                    *(number(float(v)) for v in (targets[places].mean(), predictions[places].mean(), error)),
                ]
            )
    header = [say("quarter"), say("rows"), say("mean truth"), say("mean prediction"), say("mean absolute error")]
    return table(say("By quarter of the true values"), header, rows, right=range(1, 5))


def _spread(errors: np.ndarray) -> str:
    """Return quantiles of the errors."""
    shares = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
    rows = [
        [percent(share), number(float(amount))]
        for share, amount in zip(shares, np.quantile(errors, shares), strict=True)
    ]
    return table(
        say("Quantiles of true minus predicted"), [say("share below"), say("true minus predicted")], rows, right=(1,)
    )
