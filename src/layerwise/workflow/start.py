"""One experiment from its data to its run folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Protocol

import torch

from layerwise.config import Experiment, Train, experiment
from layerwise.errors import LayerwiseError
from layerwise.explain.layers import layer_table
from layerwise.files import remove_folder
from layerwise.locks import own
from layerwise.models import build
from layerwise.models.own import check_shapes
from layerwise.runs.folder import RunFolder, create, environment
from layerwise.runs.opened import Opened
from layerwise.tasks.contract import ClosedForm
from layerwise.training.device import choose_plan, convolves
from layerwise.training.measured_plan import measured_plan
from layerwise.training.ranks import Ranks, processes, together
from layerwise.training.state import Plan, refuse_small_batches, smallest_batch
from layerwise.workflow.balance import refuse_balance, refuse_threshold
from layerwise.workflow.cross_validation import Progress
from layerwise.workflow.finish import finish
from layerwise.workflow.learn import Listener, Outcome, Silence
from layerwise.workflow.measured_by import refuse_given, refuse_test_options
from layerwise.workflow.prepare import Prepared, learned_whole, prepare_data, resolve
from layerwise.workflow.refusals import (
    refuse_evaluation,
    refuse_folds_of_processes,
    refuse_idle_validation,
    refuse_ineffective,
    refuse_order,
    refuse_processes,
    refuse_stopping,
    refuse_task,
    refuse_unused,
    refuse_validation,
)
from layerwise.workflow.run_findings import run_findings
from layerwise.workflow.stages import Begun, augment, learn_stages

__all__ = ["start"]


class Witness(Protocol):
    """Someone who is shown what is about to happen."""

    def __call__(self, begun: Begun) -> None:
        """Look at it."""


def start(
    whole: Experiment, settings: Mapping[str, Any], data: Any, *,
    run: str = "", listener: Listener | None = None, witness: Witness | None = None, progress: Progress | None = None,
) -> tuple[Opened, Outcome]:  # fmt: skip
    """Run an experiment: prepare the data, build the network, learn, measure, write the folder.

    Args:
        whole: The experiment; what the model suggests stands behind what `settings` say.
        settings: Settings the user named, by plain name.
        data: A path or name, or the data themselves.
        run: Name or path of the run folder; made from data and model when empty.
        listener: Who is told how learning goes on.
        witness: Who is shown the resolved experiment before it begins.
        progress: Who is told how the folds go on, where a run is measured by folds.
    """
    whole = experiment(settings, start=whole)
    refuse_validation(whole, settings)
    refuse_test_options(whole)
    prepared, whole = prepare_data(whole, data, settings)
    refuse_task(whole.model.name, prepared.task.name)
    refuse_given(whole, settings, prepared.parts.origin)
    if prepared.dealt:
        refuse_folds_of_processes(processes())
        prepared, whole = without_idle_rows(whole, prepared, settings)
    whole = resolve(whole, settings, len(prepared.examples["train"]), validation=len(prepared.examples["validation"]))
    refuse_what_does_not_fit(whole, prepared, settings)
    # Made again when learning begins; here so that a wrong change is refused before the folder is made.
    change = augment(prepared, whole.train, whole.preprocess.augment)
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(whole.train.seed)
        shape, outputs = prepared.preprocessing.input_shape, prepared.task.outputs()
        model = build(whole.model.name, shape, outputs, whole.model.options)
        refuse_balance(prepared, whole.train, whole.model.name, model)
        refuse_unused(whole.model.name, model, settings)
        if isinstance(model, ClosedForm):
            # Nothing is learned by gradients, so nothing of that is recorded.
            kept = {name: getattr(whole.train, name) for name in ("seed", "device", "threads", "class_weights")}
            whole = replace(whole, train=Train(**kept))
        else:
            least = smallest_batch(model, whole.train, processes())
            refuse_small_batches(least, min(whole.train.batch_size, len(prepared.examples["train"])))
        if ".py:" in whole.model.name:
            check_shapes(model, prepared.examples["train"].batch(torch.arange(1)).inputs, outputs)
        rows = layer_table(model, (shape,) if isinstance(shape, int) else shape)
        multiply_adds = sum(row.multiply_adds or 0 for row in rows)
        plan = choose_plan(whole.train, multiply_adds, maps=convolves(model))
        with together(plan.device) as ranks:
            if ranks.alone and not isinstance(model, ClosedForm):
                plan = measured_plan(
                    model, prepared.task, prepared.examples["train"], whole.train, plan,
                    multiply_adds=multiply_adds, augment=change,
                )  # fmt: skip
            folder = ranks.told(create(whole, run) if ranks.rank == 0 else None)
            begun = Begun(whole, prepared, plan, folder, model)
            if ranks.rank:
                return finish(begun, ranks, learn_stages(begun, ranks, Silence()))
            return go_through(begun, ranks, listener or Silence(), witness, progress)


def refuse_what_does_not_fit(whole: Experiment, prepared: Prepared, settings: Mapping[str, Any]) -> None:
    """Refuse settings that these data, their task or the processes leave no use for."""
    refuse_stopping(whole, prepared)
    refuse_ineffective(whole, prepared, settings)
    refuse_order(whole, prepared)
    refuse_processes(len(prepared.examples["train"]), processes())
    refuse_evaluation(whole, prepared)
    refuse_threshold(whole, prepared)


def without_idle_rows(
    whole: Experiment, prepared: Prepared, settings: Mapping[str, Any]
) -> tuple[Prepared, Experiment]:  # fmt: skip
    """Let a network that is solved at once learn from all rows of the folds: it has nothing to stop in time.

    Raises:
        LayerwiseError: A validation part was asked for.
    """
    with torch.random.fork_rng(devices=()):
        model = build(
            whole.model.name, prepared.preprocessing.input_shape, prepared.task.outputs(), whole.model.options
        )
    if not isinstance(model, ClosedForm) or not whole.split.validation_fraction:
        return prepared, whole
    refuse_idle_validation(whole.model.name, settings)
    return learned_whole(whole, prepared, settings)


def go_through(
    begun: Begun, ranks: Ranks, listener: Listener, witness: Witness | None, progress: Progress | None = None
) -> tuple[Opened, Outcome]:  # fmt: skip
    """Learn and measure in the run folder, which is this process's own meanwhile.

    Args:
        begun: What was resolved.
        ranks: This process among those that learn together.
        listener: Who is told how learning goes on.
        witness: Who is shown the resolved experiment before it begins.
        progress: Who is told how the folds go on.
    """
    outcome = None
    try:
        with own(begun.folder.path):
            write_beginning(begun.folder, begun.experiment, begun.prepared, begun.plan)
            if witness:
                witness(begun)
            outcome = learn_stages(begun, ranks, listener)
            return finish(begun, ranks, outcome, progress)
    except LayerwiseError:
        if begun.closed_form and outcome is None:
            # Refused by what solves it at once, it has no half that could go on; what has learned is never lost.
            remove_folder(begun.folder.path)
        raise


def write_beginning(folder: RunFolder, whole: Experiment, prepared: Prepared, plan: Plan) -> None:
    """Write everything that is known before learning begins."""
    folder.write_experiment(whole, asdict(plan))
    parts = prepared.parts
    folder.write("data.json", {
        "name": prepared.source.name, "origin": prepared.source.origin, "licence": prepared.source.licence,
        "rows": len(prepared.source), "fingerprint": prepared.source.fingerprint(),
        "fields": [{"name": part.name, "role": part.role, "kind": prepared.source.columns[part.name].kind}
                   for part in prepared.source.fields],
        "split": {"origin": parts.origin, "duplicates": parts.duplicates, "seen_in_test": len(parts.seen)}
        | ({"near_duplicates": parts.near.to_json()} if parts.near else {})
        | {name: getattr(parts, name).tolist() for name in ("train", "validation", "test")}
        | ({"folds": [[fold.test.tolist() for fold in deal] for deal in prepared.dealt]} if prepared.dealt else {}),
        "task": prepared.task.to_json(), "preprocessing": prepared.preprocessing.to_json(),
        "imputed": prepared.preprocessing.imputed,
        "problems": [asdict(problem) for problem in prepared.source.problems],
        "notes": list(prepared.source.notes), "reasons": list(prepared.reasons),
        "findings": run_findings(prepared, whole.evaluate.check_labels),
    })  # fmt: skip
    folder.write("environment.json", environment())
