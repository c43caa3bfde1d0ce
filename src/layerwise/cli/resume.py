"""`layerwise resume [RUN]`: go on with a run that was interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from layerwise.cli.options import Common
from layerwise.language import say

if TYPE_CHECKING:
    from layerwise.workflow.stages import Begun


def resume(
    run: str = "",
    *,
    common: Annotated[Common, Parameter(name="*")] = Common(),  # noqa: B008 - frozen
) -> int:
    """Go on with a run that was interrupted, from its newest whole checkpoint.

    On the processor the weights, the history and the predictions become those of a run that was never stopped, to the
    bit. A damaged checkpoint is named, and the one before it is used.

    Examples:
        layerwise resume

        layerwise resume digits-lenet5

    Args:
        run: Name or path of the run; the newest interrupted one when left out.
    """
    from layerwise.cli.progress import counter, listener
    from layerwise.cli.tables import print_lines
    from layerwise.cli.train import conclude
    from layerwise.runs.folder import find_interrupted
    from layerwise.training.ranks import beside_others
    from layerwise.workflow.resume import resume as go_on

    loud = not (common.json or common.quiet or beside_others())
    folder = find_interrupted(run)
    with counter() as progress:
        opened, outcome = go_on(
            folder, listener=listener() if loud else None, witness=show_where if loud else None,
            progress=progress if loud else None,
        )  # fmt: skip
    if outcome.reason == "interrupted":
        if not beside_others():
            print_lines(say("Interrupted again: {}", folder.path), say("Go on: layerwise resume {}", folder.name))
        return 130
    return conclude(opened, common)


def show_where(begun: Begun, step: int, notes: tuple[str, ...]) -> None:
    """Print from where a run goes on, and what is not as it was."""
    from layerwise.cli.tables import print_lines

    whole = begun.experiment
    where = say("after {} updates", step) if step else say("from its start: no checkpoint was made yet")
    print_lines(say("Run: {}", begun.folder.path), say("Model: {}, data: {}", whole.model.name, whole.load.data))
    print_lines(say("Goes on {}.", where), *notes)
