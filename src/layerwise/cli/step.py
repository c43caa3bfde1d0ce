"""`layerwise step [RUN] --by-hand`: a whole training step in plain NumPy, beside torch's."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from cyclopts import Parameter

from layerwise.cli.options import Common, print_json
from layerwise.cli.tables import print_lines
from layerwise.errors import LayerwiseError
from layerwise.language import say


def step(
    run: str = "",
    *,
    by_hand: Annotated[bool, Parameter(negative="")] = False,
    precision: Literal["float64", "float32"] = "float64",
    after: int = 0,
    common: Annotated[Common, Parameter(name="*")] = Common(),  # noqa: B008 - frozen
) -> int:
    """Replay a training step of a run by hand: forward, loss, backward, update, for every parameter.

    Examples:
        layerwise step --by-hand

        layerwise step digits-lenet5 --by-hand --precision float32

        layerwise step digits-lenet5 --by-hand --after -1

    Args:
        run: Name or path of a run; the newest when left out.
        by_hand: Do all arithmetic in NumPy, written as in the lecture.
        precision: In which numbers both sides compute.
        after: Updates before the step: 0 for the first step, else those of a checkpoint; -1 for the newest one.
    """
    from layerwise.runs.folder import find_run
    from layerwise.runs.opened import open_run
    from layerwise.workflow.step import step_by_hand

    if not by_hand:
        rule = say("A step is replayed by hand.")
        raise LayerwiseError(rule, say("--by-hand is not named"), "layerwise step --by-hand", usage=True)
    replay = step_by_hand(open_run(find_run(run)), precision=precision, after=after)
    if common.json:
        print_json({"ok": replay.ok, "precision": precision, "rows": [asdict(row) for row in replay.rows]})
    else:
        print_lines(str(replay))
    return 0 if replay.ok else 1
