"""A whole training step in NumPy, beside torch's: recorded once, replayed through `byhand`, compared."""

from layerwise.explain.replay.next_update import replay_next
from layerwise.explain.replay.result import StepReplay
from layerwise.explain.replay.step import TOLERANCES, replay_step

__all__ = ["TOLERANCES", "StepReplay", "replay_next", "replay_step"]
