"""An experiment as typed stages, in the order of the lecture's scheme.

load -> assign -> split -> preprocess -> model -> train -> evaluate -> view. Each stage is one frozen dataclass and
gets only its own settings. A setting has one name in Python, in TOML and on the command line; names are unique over
all stages, so that the command line can offer them without a prefix.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

__all__ = [
    "STAGES", "Assign", "Evaluate", "Experiment", "Load", "Model", "Preprocess", "Split", "Train", "View",
    "setting_names",
]  # fmt: skip


@dataclass(frozen=True)
class Load:
    """Get the data."""

    data: str = ""
    """Path, built-in or named data set."""
    format: str = ""
    """Format of the file, where its content does not tell."""
    exclude_problems: bool = False
    """Go on without the items that cannot be read; they are counted and reported."""
    download: bool = False
    """Fetch a named data set that is not on this machine."""
    images: str = ""
    """Folder or archive with the pictures that a column of the table names."""
    image_column: str = ""
    """Column that names the pictures; the one whose cells name the most when left out."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the format: delimiter, encoding, header ..."""


@dataclass(frozen=True)
class Assign:
    """Say what each field is for."""

    target: str | tuple[str, ...] = ""
    """Field to predict, or several; chosen and said when left out."""
    task: str = ""
    """What is asked, as the catalogue names it (classify, regress); follows from the target when left out."""
    drop: tuple[str, ...] = ()
    """Fields to leave out."""
    category: tuple[str, ...] = ()
    """Number fields whose values are names, not amounts."""
    id: str = ""
    """Field that names each row; never an input."""
    weight: str = ""
    """Field with the weight of each row."""
    part: str = ""
    """Field that says train, validation or test for each row."""
    group: str = ""
    """Field whose equal values stay in one part (a patient, a speaker)."""
    classes: tuple[str, ...] = ()
    """Only rows of these classes; all when left out."""
    time: str = ""
    """Field that says when each row happened: the last rows are then tested; never an input."""

    @property
    def targets(self) -> tuple[str, ...]:
        """The named targets as a tuple; empty where none is named.

        Example:
            >>> Assign(target="y").targets, Assign(target=("y", "z")).targets, Assign().targets
            (('y',), ('y', 'z'), ())
        """
        return tuple(name for name in ((self.target,) if isinstance(self.target, str) else self.target) if name)


@dataclass(frozen=True)
class Split:
    """Divide into training, validation and test part."""

    test: Literal["auto", "split", "training", "none"] = "auto"
    """Where the test part comes from: the data's own, else a split; `training` tests on the training part."""
    test_fraction: float = 1 / 3
    """Share of the rows held out for the test."""
    test_data: str = ""
    """A second path with the test rows."""
    validation_fraction: float = 0.15
    """Share of the remaining rows used to choose when to stop; 0 for none."""
    split_by: Literal["auto", "random", "order", "time"] = "auto"
    """Which rows are held out: random ones, the last in their order, or the last in time; auto by the data."""
    stratify: bool = True
    """Keep the share of each class (or quarter of the target) in every part."""
    split_seed: int = -1
    """Seed of the split alone, so that other seeds learn from the same rows; -1 takes the run's seed."""
    folds: int = 0
    """Measure by so many folds, each tested by a network that learned from the others; 0 measures on a test part."""
    repeats: int = 1
    """How often the rows are dealt into folds anew."""
    near_duplicates: Literal["together", "ignore"] = "together"
    """Whether rows that nearly repeat another one (a picture stored again, a row rounded) stay in one part with it."""


@dataclass(frozen=True)
class Preprocess:
    """Fit on the training part, apply to every part."""

    scale: Literal["auto", "standardise", "min-max", "none"] = "auto"
    """How numbers and pixels are scaled."""
    missing: Literal["impute", "refuse"] = "impute"
    """What happens to missing inputs: the training median or most frequent value, or a stop."""
    tokens: Literal["characters", "words"] = "characters"
    """What one symbol of a text is."""
    image_size: tuple[int, ...] = ()
    """Height and width of every picture; the model's own size when left out."""
    fit: Literal["auto", "pad", "resize"] = "auto"
    """How pictures reach their size; auto pads where at most 4 pixels a side are missing."""
    augment: tuple[str, ...] = ()
    """Random changes of training pictures: shift=2 flip crop=4 rotate=10 brightness=0.2 contrast=0.2 cutout=8."""
    select: tuple[str, ...] = ()
    """Inputs that are kept, method after method: variance=0.01 correlation=20 mutual-information=20 model=20."""
    discretise: Literal["none", "equal-width", "equal-frequency", "supervised"] = "none"
    """Whether numbers become intervals: of equal width, of equally many rows, or cut where the class changes."""
    intervals: int = 10
    """How many intervals a number becomes, for equal-width and equal-frequency."""
    rare: int = 0
    """Names with fewer training rows become one, "(rare)", and so do names that training never saw; 0 for none."""
    texts: Literal["refuse", "tf-idf"] = "refuse"
    """What happens to text in a table: a stop, or one number for each frequent n-gram of `tokens`."""
    text_features: int = 5000
    """Most n-grams of each text field, the most frequent ones of training."""
    text_ngrams: tuple[int, ...] = ()
    """Shortest and longest n-gram; 1 2 for words and 1 3 for characters when left out."""


@dataclass(frozen=True)
class Model:
    """Choose the network."""

    name: str = ""
    """Name in the catalogue, or a file and class: my_net.py:MyNet; chosen and said when left out."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the network, as `layerwise models NAME` lists them."""

    @property
    def label(self) -> str:
        """Name and options, as people read them.

        Example:
            >>> Model("knn", {"k": 5}).label
            'knn k=5'
        """
        return " ".join([self.name, *(f"{name}={value}" for name, value in self.options.items())])


@dataclass(frozen=True)
class Train:
    """Set the options of learning."""

    epochs: int = 0
    """How often the training part is gone through; 0 chooses by its size."""
    batch_size: int = 0
    """Examples learned from at once; 0 chooses by the size of the training part."""
    loss: str = "auto"
    """What is minimised: one of the task's losses, its usual one when left out."""
    optimizer: Literal["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"] = "adam"
    """Rule that turns gradients into updates."""
    learning_rate: float = 1e-3
    """Step size."""
    momentum: float = 0.9
    """Share of the last update kept, for momentum and nesterov."""
    weight_decay: float = 0.0
    """Pull of every weight towards zero."""
    smoothing: float = 0.99
    """Share of the running mean of squared gradients kept by rmsprop."""
    clip_norm: float = 0.0
    """Largest length of the whole gradient; 0 for no limit."""
    clip_value: float = 0.0
    """Largest size of each entry of the gradient; 0 for no limit."""
    sequence_length: int = 50
    """Symbols of a running text between two cuts of truncated back-propagation."""
    accumulate: int = 1
    """Pieces in which a batch is computed; the gradient is that of the whole batch."""
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "float32"
    """Numbers of the forward and backward pass; auto takes bfloat16 in a long run where it is measured to be faster."""
    memory_format: Literal["auto", "contiguous", "channels-last"] = "auto"
    """How maps lie in memory: channel after channel, or all channels of a pixel side by side."""
    schedule: Literal["constant", "step", "exponential", "linear", "cosine", "one-cycle", "plateau"] = "constant"
    """How the learning rate changes."""
    step_epochs: int = 10
    """Epochs between two drops of the step schedule; epochs before the first of the exponential one."""
    decay: float = 0.1
    """Factor of a drop of the step, exponential and plateau schedules."""
    warm_up: float = 0.0
    """Share of all steps over which the learning rate rises from zero."""
    stopping: Literal["validation", "no-errors", "none"] = "validation"
    """Stop when the validation loss no longer falls, when no training example is wrong, or after all epochs."""
    patience: int = 10
    """Epochs without a better validation loss before stopping."""
    seed: int = 0
    """Seed of the split, the starting weights, the order and all noise."""
    device: str = "auto"
    """cpu, cuda or auto."""
    threads: int = 0
    """Processor threads; 0 lets the plan choose, and in a long run measure. A number fixes the plan."""
    checkpoint_seconds: float = 60.0
    """Time between two checkpoints; one more is written when learning is interrupted."""
    class_weights: Literal["none", "balanced"] = "none"
    """Weight of the examples of each class in the loss: equal, or such that every class weighs the same."""
    class_sampling: Literal["all", "balanced"] = "all"
    """Which examples an epoch sees: each one once, or as many draws of every class."""


@dataclass(frozen=True)
class Evaluate:
    """Measure once on the test part."""

    confidence: float = 0.95
    """Confidence of every interval."""
    resamples: int = 10_000
    """Resamples of an interval that has no formula."""
    baselines: tuple[str, ...] = ("auto",)
    """Simple learners measured beside the network; auto takes the constant answer and quick classic ones."""
    positive: str = ""
    """Class whose sensitivity and specificity are given; the second of two when left out."""
    check_labels: Literal["auto", "yes", "no"] = "auto"
    """Look for training labels that look wrong; auto does so where it takes no more than about a second."""
    decision_threshold: Literal["half", "validation"] = "half"
    """From which score on the positive of two classes is answered: one half, or what is best on the validation part."""
    threshold_for: Literal["balanced-accuracy", "f1"] = "balanced-accuracy"
    """What the threshold is best for: balanced accuracy (and Youden's J with it), or F1 of the positive class."""


@dataclass(frozen=True)
class View:
    """Open the network on examples."""

    views: tuple[str, ...] = ()
    """Views of the report; all that fit when left out."""
    language: Literal["", "en", "ko"] = ""
    """Language of the report; the locale's when left out."""


@dataclass(frozen=True)
class Experiment:
    """All stages of one experiment."""

    load: Load = Load()
    assign: Assign = Assign()
    split: Split = Split()
    preprocess: Preprocess = Preprocess()
    model: Model = Model()
    train: Train = Train()
    evaluate: Evaluate = Evaluate()
    view: View = View()


STAGES: dict[str, type] = {
    "load": Load, "assign": Assign, "split": Split, "preprocess": Preprocess,
    "model": Model, "train": Train, "evaluate": Evaluate, "view": View,
}  # fmt: skip
"""Every stage by its name in TOML, in the order of the scheme."""


def setting_names() -> dict[str, str]:
    """Return the stage of every setting that has a plain name on the command line.

    Example:
        >>> setting_names()["learning_rate"]
        'train'
    """
    hidden = {("load", "options"), ("load", "data"), ("model", "name"), ("model", "options")}
    return {
        part.name: stage for stage, kind in STAGES.items() for part in fields(kind) if (stage, part.name) not in hidden
    }
