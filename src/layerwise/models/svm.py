"""Support vector machines: the widest gap between two classes, and pairs of classes where there are more.

Cortes and Vapnik 1995, "Support-vector networks"; Platt 1998 (SMO); lecture 003, "Machine Learning with WEKA" (SMO).
"""

import itertools
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.layers.kernels import Kernel
from layerwise.layers.pairwise import pair_log_shares
from layerwise.layers.stored_arrays import make_room
from layerwise.models.fitted import Rows, learned_rows, one_per_class
from layerwise.models.inputs import InputShape, feature_count, require, require_effect
from layerwise.tasks.contract import Examples

__all__ = ["SupportVectors", "svm"]


@register(
    "svm",
    task="classify",
    source="Cortes and Vapnik, Support-vector networks, Machine Learning 1995",
    lecture="003 Machine Learning with WEKA",
    small={"inputs": 4, "outputs": 3},
    class_weights=True,
)
def svm(
    inputs: InputShape,
    outputs: int,
    *,
    complexity: float = 1.0,
    kernel_function: Literal["linear", "rbf", "polynomial"] = "linear",
    gamma: float = 0.0,
    degree: int = 3,
    offset: float = 0.0,
    calibration_folds: int = 5,
) -> nn.Module:
    """A support vector machine for each pair of classes, solved by scikit-learn (libsvm's SMO).

    f(x) = sum_s a_s y_s K(x_s, x) + b; minimised: 1/2 |w|^2 + C sum_n v_n max(0, 1 - y_n f(x_n)), v_n the weight of an
    example. K is x . x' (linear; WEKA's PolyKernel of exponent 1), exp(-gamma |x - x'|^2) (rbf), or (gamma x . x' +
    offset)^degree. Every pair gives a vote, the class with most of them is the answer, of equal ones the first.

    Probabilities: p_k ~ prod_(j != k) sigmoid(t f_kj), for two classes sigmoid(t f). One number t > 0 is chosen such
    that decisions on examples that were left out are most likely: Platt's sigmoid without his shift, which would move
    the border. Where the votes name another class than this product, that class is raised just above it.

    Args:
        inputs: Numbers of one example; pictures are read as one row.
        outputs: Number of classes.
        complexity: Price C of being on the wrong side, > 0: WEKA's -C, scikit-learn's C.
        kernel_function: What stands for the product of two examples.
        gamma: Factor of rbf and polynomial, > 0; 0 takes 1 / (features times variance of the inputs).
        degree: Exponent of the polynomial, 1, 2 ...
        offset: Constant of the polynomial, >= 0.
        calibration_folds: Parts that take turns in being left out for t, 2, 3 ...; 0 takes t = 1. WEKA's -V.

    Raises:
        LayerwiseError: An option is out of range, or belongs to another kernel function.

    Source: lecture 003, "Machine Learning with WEKA"; Cortes and Vapnik 1995; Platt 1999, "Probabilistic outputs for
    support vector machines"; Chang and Lin 2011, LIBSVM, sections 4 and 7.

    Example:
        >>> network = svm(1, 2, complexity=100.0)
        >>> network.fit(Examples(torch.tensor([[-2.], [-1.], [1.], [2.]]), torch.tensor([0, 0, 1, 1]), ()))
        >>> network.decisions(torch.tensor([[-1.], [0.5]]))[:, 0].round(decimals=2).tolist()
        [1.0, -0.5]
    """
    require(complexity > 0, "complexity", complexity, "> 0")
    require(gamma >= 0, "gamma", gamma, ">= 0")
    require(degree >= 1, "degree", degree, "1, 2, 3 ...")
    require(offset >= 0, "offset", offset, ">= 0")
    require(calibration_folds == 0 or calibration_folds >= 2, "calibration_folds", calibration_folds, "0, 2, 3 ...")
    chosen = f"kernel_function = {kernel_function!r}"
    require_effect(gamma == 0 or kernel_function != "linear", "gamma", gamma, chosen)
    require_effect(degree == 3 or kernel_function == "polynomial", "degree", degree, chosen)
    require_effect(offset == 0 or kernel_function == "polynomial", "offset", offset, chosen)
    kernel = Kernel(kernel_function, gamma, degree, offset)
    return SupportVectors(feature_count(inputs), outputs, complexity, kernel, calibration_folds)


class SupportVectors(nn.Module):
    """The examples that hold the borders, and what each of them weighs in the pairs of its class.

    The arrays are libsvm's: of K classes with training examples, the columns of `coefficients` follow the support
    vectors, class after class; a vector of class i has a_s y_s of its pair with class j in row j - 1 for j > i, in row
    j for j < i. The sign of f_ij, i < j, is that of class i.

    Args:
        features: Numbers of one example.
        classes: Number of classes.
        complexity: Price of being on the wrong side.
        kernel: What stands for the product of two examples.
        folds: Parts that take turns in being left out for the probabilities, 0 for none.
    """

    found: Tensor
    support_vectors: Tensor
    support_counts: Tensor
    coefficients: Tensor
    intercepts: Tensor
    sharpness: Tensor

    def __init__(self, features: int, classes: int, complexity: float, kernel: Kernel, folds: int) -> None:
        super().__init__()
        self.classes, self.complexity, self.kernel, self.folds = classes, complexity, kernel, folds
        none = torch.zeros(0, dtype=torch.float64)
        self.register_buffer("found", torch.zeros(0, dtype=torch.int64))
        self.register_buffer("support_vectors", none.view(0, 1).expand(0, features).clone())
        self.register_buffer("support_counts", torch.zeros(0, dtype=torch.int64))
        self.register_buffer("coefficients", none.view(0, 1))
        self.register_buffer("intercepts", none.clone())
        self.register_buffer("sharpness", torch.tensor(1.0, dtype=torch.float64))
        make_room(self, "found", "support_vectors", "support_counts", "coefficients", "intercepts", "sharpness")

    def fit(self, examples: Examples) -> None:
        """Solve every pair, and choose how sharp the probabilities are."""
        rows = learned_rows(examples)
        self.found = torch.from_numpy(np.unique(rows[1]))
        if len(self.found) < 2:
            return
        if not self.kernel.gamma and self.kernel.function != "linear":
            variance = rows[0].var()
            # gamma = 1 / (features * variance), scikit-learn's "scale"
            self.kernel.gamma = torch.tensor(1 / (rows[0].shape[1] * variance) if variance else 1.0).double()
        solved = self.solved(rows, np.ones(len(rows[1]), dtype=bool))
        # Of two classes scikit-learn turns the signs round.
        sign = -1 if len(self.found) == 2 else 1
        self.support_vectors = torch.from_numpy(np.ascontiguousarray(solved.support_vectors_))
        self.support_counts = torch.from_numpy(solved.n_support_.astype(np.int64))
        self.coefficients = torch.from_numpy(sign * np.asarray(solved.dual_coef_))
        self.intercepts = torch.from_numpy(sign * solved.intercept_)
        self.sharpness = torch.tensor(self.calibrated(rows), dtype=torch.float64)

    def solved(self, rows: Rows, taken: np.ndarray) -> Any:
        """Return scikit-learn's machine for some of the rows."""
        from sklearn.svm import SVC

        inputs, targets, weights = rows
        name = {"polynomial": "poly"}.get(self.kernel.function, self.kernel.function)
        machine = SVC(
            C=self.complexity, kernel=name, gamma=float(self.kernel.gamma) or "scale", degree=self.kernel.degree,
            coef0=self.kernel.offset, decision_function_shape="ovo",
        )  # fmt: skip
        return machine.fit(inputs[taken], targets[taken], None if weights is None else weights[taken])

    def calibrated(self, rows: Rows) -> float:
        """Return the t under which the classes of examples that were left out are most likely.

        As in Platt's method the wanted share of a class of n examples is (n + 1) / (n + 2) instead of 1, the rest is
        shared by the others, so that t stays finite where no decision is wrong.
        """
        parts = turns(rows[1], self.folds)
        decided, wanted, voices = [], [], []
        for part in range(int(parts.max(initial=-1)) + 1):
            machine, out = self.solved(rows, parts != part), parts == part
            values = machine.decision_function(rows[0][out]).reshape(int(out.sum()), -1)
            decided.append(-values if len(self.found) == 2 else values)
            wanted.append(np.searchsorted(self.found.numpy(), rows[1][out]))
            voices.append(np.ones(int(out.sum())) if rows[2] is None else rows[2][out])
        if not decided:
            return 1.0
        from scipy.optimize import minimize_scalar

        decisions, labels = torch.from_numpy(np.concatenate(decided)), np.concatenate(wanted)
        weights, number = np.concatenate(voices), len(self.found)
        sizes = np.bincount(labels, weights, minlength=number)
        rest = (1 / (sizes + 2))[:, None]
        hoped = np.where(np.eye(number), 1 - rest, rest / (number - 1))[labels] * weights[:, None]

        def surprise(log_sharpness: float) -> float:
            return -float((hoped * pair_log_shares(decisions, number, np.exp(log_sharpness)).numpy()).sum())

        return float(np.exp(minimize_scalar(surprise, bounds=(-7, 7), method="bounded").x))

    def decisions(self, inputs: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch pairs"]:
        """Return f of every pair of classes with training examples, 0 and 1, 0 and 2 ...; > 0 for the first one."""
        products = self.kernel(inputs.flatten(1).double(), self.support_vectors)
        counts = self.support_counts.tolist()
        # sum over the vectors of class i of a_s y_s K(x_s, x), for each of its pairs
        shares = [
            kernel @ weights.T
            for kernel, weights in zip(
                torch.split(products, counts, dim=1), torch.split(self.coefficients, counts, dim=1), strict=True
            )
        ]
        pairs = itertools.combinations(range(len(counts)), 2)
        # f_ij(x) = sum_s a_s y_s K(x_s, x) + b_ij
        return torch.stack([shares[i][:, j - 1] + shares[j][:, i] for i, j in pairs], dim=1) + self.intercepts

    def forward(self, inputs: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch classes"]:
        """Return the log-probability of each class; equal for all before any example is known."""
        if not len(self.found):
            return inputs.new_zeros((len(inputs), self.classes), dtype=torch.float64)
        if len(self.found) == 1:
            return one_per_class(self.sharpness.new_zeros(len(inputs), 1), self.found, self.classes)
        logs = pair_log_shares(self.decisions(inputs), len(self.found), self.sharpness)
        return one_per_class(logs, self.found, self.classes)


def turns(targets: np.ndarray, parts: int) -> np.ndarray:
    """Return the part in which each example is left out: those of a class in turn, so that none is missing elsewhere.

    Args:
        targets: Class of each example.
        parts: Number of parts; 0 leaves nothing out.

    Returns:
        -1 for what is never left out: the only example of its class.

    Example:
        >>> turns(np.array([0, 0, 1, 0, 2, 2]), 2).tolist()
        [0, 1, -1, 0, 0, 1]
    """
    places = np.full(len(targets), -1)
    for kind in np.unique(targets):
        rows = np.flatnonzero(targets == kind)
        if len(rows) > 1 and parts:
            places[rows] = np.arange(len(rows)) % parts
    return places
