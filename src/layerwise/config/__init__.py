"""An experiment as typed stages, its checks, and its TOML form; nothing else of the package parses settings."""

from layerwise.config.checks import experiment, fits, words
from layerwise.config.stages import (
    STAGES,
    Assign,
    Evaluate,
    Experiment,
    Load,
    Model,
    Preprocess,
    Split,
    Train,
    View,
    setting_names,
)
from layerwise.config.toml import from_tables, read_experiment, settings_in, to_toml, write_experiment

__all__ = [
    "STAGES", "Assign", "Evaluate", "Experiment", "Load", "Model", "Preprocess", "Split", "Train", "View",
    "experiment", "fits", "from_tables", "read_experiment", "setting_names", "settings_in", "to_toml", "words",
    "write_experiment",
]  # fmt: skip
