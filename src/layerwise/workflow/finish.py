"""Keep the weights of a run that has learned, and measure it."""

from __future__ import annotations

from dataclasses import replace

import torch

from layerwise.runs.opened import Opened
from layerwise.runs.weights import save_weights
from layerwise.training.device import computing_with
from layerwise.training.ranks import Ranks
from layerwise.workflow.balance import decide
from layerwise.workflow.cross_validation import Progress
from layerwise.workflow.evaluate import evaluate
from layerwise.workflow.evaluate_folds import evaluate_folds
from layerwise.workflow.learn import Outcome
from layerwise.workflow.stages import Begun

__all__ = ["finish"]


def finish(begun: Begun, ranks: Ranks, outcome: Outcome, progress: Progress | None = None) -> tuple[Opened, Outcome]:
    """Keep the weights, and measure unless learning was interrupted; process 0 alone writes.

    Args:
        begun: What was resolved, with the network as it was learned.
        ranks: This process among those that learned together.
        outcome: How learning ended.
        progress: Who is told how the folds go on, where a run is measured by folds.
    """
    folder, prepared = begun.folder, begun.prepared
    if ranks.rank == 0:
        # Measured as `predict` will find it: on the processor, channel after channel.
        begun.model.cpu().to(memory_format=torch.contiguous_format)
        save_weights(folder.path / "model.safetensors", begun.model)
        if outcome.reason != "interrupted":
            with computing_with(begun.plan.threads):
                prepared = decide(begun.model, prepared, begun.experiment, folder)
                outcome = measure(replace(begun, prepared=prepared), outcome, progress)
    # Nobody leaves before the folder is whole.
    ranks.any(False)
    return Opened(folder, prepared.task, prepared.preprocessing), outcome


def measure(begun: Begun, outcome: Outcome, progress: Progress | None) -> Outcome:
    """Measure on the test part or by folds; stopped inside the folds, the run can go on."""
    if not begun.prepared.dealt:
        evaluate(begun.model, begun.prepared, begun.experiment, begun.folder, outcome)
        return outcome
    try:
        evaluate_folds(begun.model, begun.prepared, begun.experiment, begun.folder, outcome, progress=progress)
    except KeyboardInterrupt:
        return replace(outcome, reason="interrupted")
    return outcome
