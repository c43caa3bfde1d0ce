"""Numbers and names as they are read, and stored sentences in the language of the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from layerwise.language import current, korean, say

__all__ = [
    "SHARES",
    "bounds",
    "cut",
    "expected",
    "learner",
    "metric",
    "number",
    "percent",
    "retold",
    "spoken_ends",
    "spoken_figure",
    "three_decimals",
    "value",
]

METRICS = {
    "accuracy": "accuracy", "error_rate": "error rate", "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1", "kappa": "Cohen's kappa", "log_loss": "log loss", "auc": "AUC",
    "brier": "Brier score", "calibration_error": "calibration error", "average_precision": "average precision",
    "lift": "lift of the highest 10 %",
    "sensitivity": "sensitivity", "specificity": "specificity", "half_squared_error": "half squared error",
    "mse": "mean squared error", "rmse": "root mean squared error", "mae": "mean absolute error", "r2": "R²",
    "relative_rmse": "relative root mean squared error",
    "nats": "nats per symbol", "bits": "bits per symbol", "perplexity": "perplexity",
    "next_symbol": "next symbol right", "unknown": "unknown symbols",
    "mean_iou": "mean IoU", "pixel_accuracy": "pixel accuracy", "mean_class_accuracy": "mean class accuracy",
    "frequency_weighted_iou": "frequency-weighted IoU",
    "log_likelihood": "log-likelihood", "pseudo_log_likelihood": "pseudo-log-likelihood",
    "reconstruction_error": "reconstruction error",
    "map_50": "mAP@.5", "map": "mAP@.5:.95", "map_75": "mAP@.75", "ap_50": "AP@.5", "ap": "AP@.5:.95",
    "iou": "IoU", "precision": "precision", "recall": "recall", "f1": "F1", "mean_return": "mean return",
    "caught": "caught", "micro_f1": "micro F1", "mean_average_precision": "mean average precision",
    "subset_accuracy": "all labels right",
    "hamming_loss": "Hamming loss",
    "exact_match": "exact match", "symbol_accuracy": "symbols at the right place",
}  # fmt: skip
"""Each figure's name for people."""

EXPECTED = {
    "accuracy": "Of 1,000 new examples expect about {} to be answered correctly.",
    "nats": "For new text of this kind expect about {}.",
    "exact_match": "Of 1,000 new sequences expect about {} to be answered without a single mistake.",
    "mean_return": "In new episodes expect a mean return of about {}.",
    "map_50": "On new pictures expect a mean average precision (mAP@.5) of about {}.",
    "micro_f1": "On new examples expect a micro F1 of about {}.",
    "mean_iou": "On new pictures expect a mean IoU of about {}.",
    "log_likelihood": "For new examples expect a log-likelihood of about {} nats each.",
    "pseudo_log_likelihood": "For new examples expect a pseudo-log-likelihood of about {} nats each.",
}  # fmt: skip
"""What a figure says of new data, as a sentence; the value is put in."""

SHARES = ("accuracy", "recall", "exact_match")
"""Figures that people say in percent."""

LEARNERS = {
    "majority": "always the most frequent class", "mean": "always the training mean",
    "knn": "1-NN (the nearest training example)", "logistic": "logistic regression", "linear": "linear regression",
    "svm": "support vector machine", "tree": "decision tree", "boosting": "gradient boosting",
    "hog-svm": "HOG + linear SVM", "naive-bayes": "naive Bayes", "threshold": "one threshold",
    "label-frequency": "always the most frequent labels",
    "unigram": "counts of single symbols", "bigram": "counts after one symbol", "trigram": "counts after two symbols",
    "colour-threshold": "every patch of a colour that objects have",
    "pixel-majority": "the most frequent class of each place",
    "random-player": "moves by chance", "independent-units": "each unit by itself",
    "dictionary": "each symbol by itself, in the same order",
}  # fmt: skip
"""Each baseline's name for people."""

LONGEST_NAME = 60


def metric(name: str) -> str:
    """Return the name of a figure for people.

    Example:
        >>> metric("macro_f1")
        'macro F1'
    """
    return say(METRICS[name]) if name in METRICS else name.replace("_", " ")


def expected(name: str, amount: str) -> str:
    """Return what a figure says of new data, as a sentence.

    Example:
        >>> expected("mean_iou", "0.812")
        'On new pictures expect a mean IoU of about 0.812.'
        >>> expected("r2", "0.5")
        'R² on new data: about 0.5.'
    """
    if name in EXPECTED:
        return say(EXPECTED[name], amount)
    return say("{} on new data: about {}.", metric(name), amount)


def learner(name: str) -> str:
    """Return the name of a baseline for people.

    Example:
        >>> learner("linear")
        'linear regression'
    """
    return say(LEARNERS[name]) if name in LEARNERS else name


def number(amount: float) -> str:
    """Return a number to four figures, large whole parts with commas, never in powers of ten up to a billion.

    Example:
        >>> number(0.98314), number(43.276), number(61706.0), number(-0.0), number(1e12)
        ('0.9831', '43.28', '61,706', '0', '1e+12')
    """
    amount = amount + 0.0
    if 1000 <= abs(amount) < 1e9:
        return f"{amount:,.0f}"
    return f"{amount:.4g}"


def percent(share: float) -> str:
    """Return a share in percent with one decimal.

    Example:
        >>> percent(0.9831), percent(1.0), percent(0.0004)
        ('98.3 %', '100 %', '0.04 %')
    """
    hundred = 100 * share
    if 0 < hundred < 0.1 or 99.9 < hundred < 100:
        return f"{hundred:.2f} %"
    return f"{hundred:.0f} %" if hundred in (0.0, 100.0) else f"{hundred:.1f} %"


def value(interval: Mapping[str, Any] | None) -> str:
    """Return a measured value: three decimals up to 1, else four figures.

    Example:
        >>> value({"value": -0.0004}), value({"value": 43.276})
        ('0.000', '43.28')
    """
    if not interval or interval["value"] is None:
        return say("undefined")
    return three_decimals(interval["value"]) if abs(interval["value"]) <= 1 else number(interval["value"])


def bounds(interval: Mapping[str, Any] | None) -> str:
    """Return the two ends of an interval, or an empty text where it has none.

    Example:
        >>> bounds({"value": 0.9, "low": 0.78644, "high": 0.9565})
        '0.786 – 0.957'
    """
    if not interval or interval["low"] is None:
        return ""
    small = abs(interval["value"]) <= 1 and max(abs(interval["low"]), abs(interval["high"])) <= 10
    low, high = (three_decimals(end) if small else number(end) for end in (interval["low"], interval["high"]))
    # A dash before a minus sign would be misread.
    return f"{low} – {high}" if interval["low"] >= 0 else say("{} to {}", low, high)


def three_decimals(amount: float) -> str:
    """Return three decimals; what rounds to nought has no sign.

    Example:
        >>> three_decimals(-0.0004), three_decimals(0.5)
        ('0.000', '0.500')
    """
    return f"{amount:.3f}".replace("-0.000", "0.000")


def cut(name: str, longest: int = LONGEST_NAME) -> str:
    """Return a name that fits a table.

    Example:
        >>> cut("setosa"), cut("x" * 80, 4)
        ('setosa', 'xxx…')
    """
    return name if len(name) <= longest else name[: longest - 1] + "…"


def retold(sentence: str) -> str:
    """Return a sentence that a run stored in one language in the language of the page, where its template is known.

    Example:
        >>> retold("3 rows were skipped by nobody.")
        '3 rows were skipped by nobody.'
    """
    if current() == "en" and not HANGUL.search(sentence):
        # Nothing that was said in Korean; a thousand patterns need not be made.
        return sentence
    for pattern, template in _other_templates(current()):
        found = pattern.fullmatch(sentence)
        if found:
            values = {int(name[1:]): _retold_value(text) for name, text in found.groupdict().items()}
            return template.format(*(values.get(place, "") for place in range(max(values, default=-1) + 1)))
    return sentence


def _retold_value(text: str) -> str:
    """Return a value inside a sentence; where the whole value is a known word, in the language of the page."""
    return say(text) if "{" not in text and text in korean() else text


@cache
def _other_templates(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return, the most literal first, what matches a sentence of the other language and how it is said in this one."""
    pairs = [
        (here, there) for here, there in korean().items() if len(_literal(here)) >= 4 and len(_literal(there)) >= 2
    ]
    pairs.sort(key=lambda pair: -len(_literal(pair[0])))
    if language == "ko":
        return tuple((_pattern(here), _unformatted(there)) for here, there in pairs)
    return tuple((_pattern(there), _unformatted(here)) for here, there in pairs)


HANGUL = re.compile("[가-힣]")

PLACE = re.compile(r"\{(\d*)(?::[^}]*)?\}")


def _literal(template: str) -> str:
    """Return the fixed signs of a template."""
    return PLACE.sub("", template).strip(" .:,'()")


def _places(template: str) -> list[int]:
    """Return the number of the value at each place of a template."""
    return [int(place) if place else order for order, place in enumerate(PLACE.findall(template))]


def _pattern(template: str) -> re.Pattern[str]:
    """Return what matches a sentence made from a template, each value under its number."""
    pieces = [re.escape(piece) for piece in PLACE.split(template)[::2]]
    pattern, caught = pieces[0], set[int]()
    for place, piece in zip(_places(template), pieces[1:], strict=True):
        pattern += f"(?P=v{place})" if place in caught else f"(?P<v{place}>.+?)"
        pattern += piece
        caught.add(place)
    return re.compile(pattern, re.DOTALL)


def _unformatted(template: str) -> str:
    """Return a template with numbered places and without formats, since the values are texts already."""
    numbers = iter(_places(template))
    return PLACE.sub(lambda _: f"{{{next(numbers)}}}", template)


def spoken_figure(name: str, interval: Mapping[str, Any]) -> str:
    """Return a main figure as people say it: shares in percent, all but accuracy with their name."""
    if name == "accuracy":
        return percent(interval["value"])
    if name == "nats":
        return say("{} nats per symbol", value(interval))
    return f"{metric(name)} {percent(interval['value']) if name in SHARES else value(interval)}"


def spoken_ends(name: str, interval: Mapping[str, Any]) -> str:
    """Return the ends of the interval in the same form."""
    if interval["low"] is None:
        return say("undefined")
    return (
        bounds(interval) if name not in SHARES else f"{percent(interval['low'])} – {percent(interval['high'])}"
    )  # fmt: skip
