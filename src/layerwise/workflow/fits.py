"""A network of one number as a curve among its points: what under- and overfitting look like (lecture 003)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from layerwise.data.kinds import Numbers
from layerwise.data.source import Field
from layerwise.evaluation.row_losses import mean_error
from layerwise.report.contents import Fit
from layerwise.runs.opened import Opened
from layerwise.workflow.prepare import Prepared

__all__ = ["fit_of"]

PLACES = 400
"""Places of the curve between the smallest and the largest input."""


def fit_of(opened: Opened, prepared: Prepared) -> Fit | None:
    """Return the curve of a run whose network makes one number of another; None where it does something else.

    Args:
        opened: The run.
        prepared: Its data.
    """
    source, task = prepared.source, prepared.task
    inputs, targets = source.named("input"), source.named("target")
    column = source.columns[inputs[0]] if len(inputs) == 1 else None
    if not isinstance(column, Numbers) or len(targets) != 1 or task.name != "regress":
        return None
    across = np.linspace(np.nanmin(column.values), np.nanmax(column.values), PLACES)
    # The curve is asked for like new data.
    fields: dict[str, Numbers] = {inputs[0]: Numbers(across)}
    asked = replace(source, fields=(Field(inputs[0]),), columns=fields, problems=(), places=())
    points, errors = {}, {}
    for part, examples in prepared.examples.items():
        rows = getattr(prepared.parts, part)
        if len(rows) and examples.truths is not None:
            points[part] = np.column_stack([column.values[rows], examples.truths[:, 0]])
            errors[part] = mean_error(examples.truths, task.answer(opened.model, examples))
    name = opened.folder.experiment().model.label
    return Fit(name, inputs[0], targets[0], across, opened.predict(asked).scores[:, 0], points, errors)
