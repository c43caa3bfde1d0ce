"""S04: the numbers of the 14-row weather table as Quinlan and the WEKA book print them, and scikit-learn's stumps."""

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from layerwise.byhand.trees import best_threshold, entropy, gain_ratio, gini, information_gain, split_information

ROWS = """sunny hot high false no
sunny hot high true no
overcast hot high false yes
rainy mild high false yes
rainy cool normal false yes
rainy cool normal true no
overcast cool normal true yes
sunny mild high false no
sunny cool normal false yes
rainy mild normal false yes
sunny mild normal true yes
overcast mild high true yes
overcast hot normal false yes
rainy mild high true no"""
OUTLOOK, TEMPERATURE, HUMIDITY, WINDY, PLAY = np.array([row.split() for row in ROWS.splitlines()]).T
DEGREES = np.array([85, 80, 83, 70, 68, 65, 64, 72, 69, 75, 75, 72, 81, 71.0])
PERCENT = np.array([85, 90, 86, 96, 80, 70, 65, 95, 70, 80, 70, 90, 75, 91.0])


def test_the_table_has_nine_days_of_fourteen_to_play():
    # Quinlan 1986, section 4: I(9, 5) = 0.940 bits
    assert (PLAY == "yes").sum() == 9
    assert entropy(PLAY) == pytest.approx(0.940, abs=5e-4)
    # 1 - (9/14)^2 - (5/14)^2
    assert gini(PLAY) == pytest.approx(1 - (81 + 25) / 196, abs=1e-12)


@pytest.mark.parametrize(
    # Witten, Frank and Hall, Data Mining, section 4.3 and table 4.7: gain, split information, gain ratio
    ("values", "gain", "split", "ratio"),
    [
        (OUTLOOK, 0.247, 1.577, 0.157), (TEMPERATURE, 0.029, 1.557, 0.019), (HUMIDITY, 0.152, 1.000, 0.152),
        (WINDY, 0.048, 0.985, 0.049),
    ],
)  # fmt: skip
def test_gain_split_information_and_ratio_are_those_of_the_book(values, gain, split, ratio):
    assert information_gain(values, PLAY) == pytest.approx(gain, abs=6e-4)
    assert split_information(values) == pytest.approx(split, abs=6e-4)
    assert gain_ratio(values, PLAY) == pytest.approx(ratio, abs=6e-4)


def test_outlook_is_the_first_question_and_leaves_overcast_decided():
    assert information_gain(OUTLOOK, PLAY) == pytest.approx(0.2467, abs=5e-5)
    assert entropy(PLAY[OUTLOOK == "overcast"]) == 0.0
    assert entropy(PLAY[OUTLOOK == "sunny"]) == pytest.approx(0.971, abs=5e-4)
    # the book goes on below sunny: temperature 0.571, windy 0.020, humidity 0.971
    sunny = OUTLOOK == "sunny"
    found = [information_gain(values[sunny], PLAY[sunny]) for values in (TEMPERATURE, WINDY, HUMIDITY)]
    assert found == pytest.approx([0.571, 0.020, 0.971], abs=5e-4)


def test_a_threshold_of_the_book():
    # Section 6.1: temperature < 71.5 leaves info([4,2],[5,3]) = 0.939 bits
    assert entropy(PLAY) - information_gain(DEGREES > 71.5, PLAY) == pytest.approx(0.939, abs=5e-4)


@pytest.mark.parametrize("values", [DEGREES, PERCENT], ids=["temperature", "humidity"])
def test_the_best_threshold_is_that_of_a_tree_with_one_question(values):
    theirs = DecisionTreeClassifier(criterion="entropy", max_depth=1).fit(values[:, None], PLAY).tree_
    threshold, gain = best_threshold(values, PLAY)
    assert threshold == theirs.threshold[0]
    after = theirs.weighted_n_node_samples[1:] @ theirs.impurity[1:] / 14
    assert gain == pytest.approx(theirs.impurity[0] - after, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_impurities_and_thresholds_of_drawn_numbers_are_scikit_learns(seed):
    draw = np.random.default_rng(seed)
    values, labels = draw.normal(size=40), draw.integers(0, 3, 40)
    for criterion, impurity in (("entropy", entropy), ("gini", gini)):
        theirs = DecisionTreeClassifier(criterion=criterion, max_depth=1).fit(values[:, None], labels).tree_
        assert impurity(labels) == pytest.approx(theirs.impurity[0], abs=1e-12)
        if criterion == "entropy":
            # scikit-learn rounds inputs to float32
            assert best_threshold(values, labels)[0] == pytest.approx(theirs.threshold[0], abs=1e-6)


def test_an_attribute_with_one_value_has_no_ratio():
    assert gain_ratio(np.zeros(4), np.array([0, 1, 0, 1])) == 0.0
    assert best_threshold(np.array([1.0, 2.0, 3.0]), np.array([0, 1, 0]))[0] == 1.5
