"""Preprocessing: fitted on the training rows alone, the same arithmetic as by hand, saved and read bit for bit."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from layerwise.config import Preprocess
from layerwise.data.kinds import Categories, Images, Numbers, Texts
from layerwise.data.preprocess import Preprocessing, fit
from layerwise.data.source import Field, Source
from layerwise.errors import LayerwiseError

NAN = float("nan")


def table(**columns):
    return Source("table", "memory", tuple(Field(name) for name in columns), columns)


def numbers(*values):
    return Numbers(np.array(values, dtype=np.float64))


def pictures(array, maximum=255.0):
    array = np.asarray(array)
    sizes = np.tile(np.array(array.shape[:1:-1]), (len(array), 1))
    return Images(array, None, sizes, array.shape[1], maximum)


def test_standardised_numbers_are_those_of_scikit_learn():
    values = np.random.default_rng(0).normal(5, 3, size=(40, 2))
    whole = table(a=Numbers(values[:, 0]), b=Numbers(values[:, 1]))
    training = np.arange(30)
    ours = fit(whole, training, Preprocess()).apply(whole)
    theirs = StandardScaler().fit(values[training]).transform(values)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-7)


def test_min_max_numbers_are_those_of_scikit_learn():
    values = np.random.default_rng(1).normal(size=(20, 1))
    whole = table(a=Numbers(values[:, 0]))
    ours = fit(whole, np.arange(12), Preprocess(scale="min-max")).apply(whole)
    np.testing.assert_allclose(ours, MinMaxScaler().fit(values[:12]).transform(values), rtol=1e-6, atol=1e-7)


def test_unscaled_numbers_stay_as_they_are():
    whole = table(a=numbers(3, -4.5, 1e6))
    assert fit(whole, np.arange(3), Preprocess(scale="none")).apply(whole)[:, 0].tolist() == [3, -4.5, 1e6]


def test_a_huge_test_row_moves_no_statistic_by_a_bit():
    """System S05, second check."""
    generator = np.random.default_rng(2)
    values, codes = generator.normal(size=30), generator.integers(0, 3, 30).astype(np.int32)
    whole = table(a=Numbers(values), b=Categories(codes, ("x", "y", "z")))
    huge = values.copy()
    huge[25:] = 1e30
    moved = replace(whole, columns={**whole.columns, "a": Numbers(huge)})
    training = np.arange(25)
    assert json.dumps(fit(whole, training, Preprocess()).to_json()) == json.dumps(
        fit(moved, training, Preprocess()).to_json()
    )
    in_training = np.arange(30)
    assert fit(whole, in_training, Preprocess()).to_json() != fit(moved, in_training, Preprocess()).to_json()


def test_a_white_test_picture_moves_no_statistic_by_a_bit():
    array = np.random.default_rng(3).integers(0, 200, (10, 1, 4, 4)).astype(np.uint8)
    white = array.copy()
    white[8:] = 255
    steps = [fit(table(image=pictures(some)), np.arange(8), Preprocess()).to_json() for some in (array, white)]
    assert steps[0] == steps[1]


def test_a_missing_number_becomes_the_training_median_and_is_counted():
    whole = table(a=numbers(1, 2, NAN, 9, NAN))
    fitted = fit(whole, np.arange(4), Preprocess(scale="none"))
    assert fitted.apply(whole)[:, 0].tolist() == [1, 2, 2, 9, 2]
    assert fitted.imputed == {"a": 1}


def test_a_missing_category_becomes_the_most_frequent_of_training():
    whole = table(a=Categories(np.array([0, 1, 1, -1, -1]), ("red", "blue")))
    fitted = fit(whole, np.arange(4), Preprocess())
    assert fitted.apply(whole).tolist() == [[1, 0], [0, 1], [0, 1], [0, 1], [0, 1]]
    assert fitted.imputed == {"a": 1}


def test_missing_values_can_be_refused_with_the_rows_named():
    with pytest.raises(LayerwiseError, match=r"'a' lacks 2 values: row 2, row 4"):
        fit(table(a=numbers(1, NAN, 3, NAN)), np.arange(4), Preprocess(missing="refuse"))


def test_one_hot_is_that_of_scikit_learn_and_a_new_name_is_zero_everywhere():
    words = np.array(["b", "a", "c", "a", "new"])
    names = tuple(sorted(set(words)))
    codes = np.array([names.index(word) for word in words])
    whole = table(colour=Categories(codes, names))
    fitted = fit(whole, np.arange(4), Preprocess())
    theirs = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(words[:4, None]).transform(words[:, None])
    assert fitted.apply(whole).tolist() == theirs.tolist()
    assert fitted.names == ("colour=a", "colour=b", "colour=c")
    assert fitted.apply(whole)[4].tolist() == [0, 0, 0]


def test_new_data_may_number_their_names_in_another_order():
    fitted = fit(table(c=Categories(np.array([0, 1]), ("a", "b"))), np.arange(2), Preprocess())
    assert fitted.apply(table(c=Categories(np.array([0, 1]), ("b", "a")))).tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize("scale", ["standardise", "min-max"])
def test_a_constant_field_is_zero_and_does_not_explode(scale):
    # The standard deviation of ten times 0.1 is 1.4e-17, not zero.
    whole = table(a=numbers(*[0.1] * 10, 0.2), b=numbers(*range(11)))
    inputs = fit(whole, np.arange(10), Preprocess(scale=scale)).apply(whole)
    assert inputs[:10, 0].tolist() == [0] * 10
    assert inputs[10, 0] == pytest.approx(0.1)


def test_a_constant_channel_is_zero():
    array = np.full((6, 1, 3, 3), 100, dtype=np.uint8)
    whole = table(image=pictures(array))
    np.testing.assert_allclose(fit(whole, np.arange(6), Preprocess()).apply(whole), 0, atol=1e-6)


def test_the_steps_survive_json_bit_for_bit():
    generator = np.random.default_rng(4)
    whole = table(
        a=Numbers(generator.normal(size=50) / 3), b=Categories(generator.integers(-1, 2, 50), ("예", "아니오"))
    )
    fitted = fit(whole, np.arange(40), Preprocess())
    again = Preprocessing.from_json(json.loads(json.dumps(fitted.to_json(), ensure_ascii=False)))
    assert again == fitted
    assert again.apply(whole).tobytes() == fitted.apply(whole).tobytes()


def test_picture_steps_survive_json_bit_for_bit():
    whole = table(image=pictures(np.random.default_rng(5).integers(0, 256, (6, 3, 5, 4)).astype(np.uint8)))
    fitted = fit(whole, np.arange(5), Preprocess(), image=(3, 8, 8))
    again = Preprocessing.from_json(json.loads(json.dumps(fitted.to_json())))
    assert again == fitted
    assert again.apply(whole).tobytes() == fitted.apply(whole).tobytes()


def test_padding_puts_a_picture_in_the_middle_of_black():
    array = np.arange(1, 5, dtype=np.uint8).reshape(1, 1, 2, 2)
    whole = table(image=pictures(array))
    padded = fit(whole, np.arange(1), Preprocess(scale="none", fit="pad"), image=(1, 5, 4)).apply(whole)[0, 0] * 255
    np.testing.assert_allclose(padded, [[0, 0, 0, 0], [0, 1, 2, 0], [0, 3, 4, 0], [0, 0, 0, 0], [0, 0, 0, 0]])


def test_resizing_is_pillows_bilinear():
    array = np.random.default_rng(6).integers(0, 256, (2, 1, 9, 7)).astype(np.uint8)
    whole = table(image=pictures(array))
    ours = fit(whole, np.arange(2), Preprocess(scale="none", fit="resize", image_size=(4, 6))).apply(whole) * 255
    theirs = [
        np.asarray(Image.fromarray(one[0].astype(np.float32)).resize((6, 4), Image.Resampling.BILINEAR))
        for one in array
    ]
    np.testing.assert_allclose(ours[:, 0], theirs, rtol=1e-6)


def test_pixels_are_normalised_by_channel_with_training_mean_and_deviation():
    array = np.random.default_rng(7).integers(0, 256, (12, 3, 4, 4)).astype(np.uint8)
    whole = table(image=pictures(array))
    ours = fit(whole, np.arange(8), Preprocess()).apply(whole)
    scaled = array / 255
    mean, deviation = scaled[:8].mean(axis=(0, 2, 3)), scaled[:8].std(axis=(0, 2, 3))
    np.testing.assert_allclose(ours, (scaled - mean[:, None, None]) / deviation[:, None, None], rtol=1e-5, atol=1e-6)


def test_new_colour_pictures_become_grey_as_in_pillow_for_a_network_of_grey_ones():
    array = np.random.default_rng(8).integers(0, 256, (3, 3, 4, 4)).astype(np.uint8)
    grey = table(image=pictures(array[:, :1]))
    ours = fit(grey, np.arange(3), Preprocess(scale="none")).apply(table(image=pictures(array)))[:, 0] * 255
    theirs = [np.asarray(Image.fromarray(np.moveaxis(one, 0, 2)).convert("L")) for one in array]
    np.testing.assert_allclose(ours, theirs, atol=1.0)


def test_new_grey_pictures_have_three_equal_channels_for_a_network_of_colour_ones():
    array = np.random.default_rng(9).integers(0, 256, (3, 3, 4, 4)).astype(np.uint8)
    fitted = fit(table(image=pictures(array)), np.arange(3), Preprocess(scale="none"))
    answered = fitted.apply(table(image=pictures(array[:, :1])))
    np.testing.assert_allclose(answered * 255, np.repeat(array[:, :1], 3, axis=1), rtol=1e-6)


@pytest.mark.parametrize(("size", "how"), [((28, 28), "pad"), ((20, 20), "resize"), ((40, 40), "resize")])
def test_the_way_to_reach_a_size_follows_from_the_pictures(size, how):
    whole = table(image=pictures(np.zeros((2, 1, *size), dtype=np.uint8)))
    assert fit(whole, np.arange(2), Preprocess(), image=(1, 32, 32)).steps[0].fit == how


def test_a_larger_picture_cannot_be_padded():
    whole = table(image=pictures(np.zeros((2, 1, 40, 40), dtype=np.uint8)))
    with pytest.raises(LayerwiseError, match="40x40 in a frame of 32x32"):
        fit(whole, np.arange(2), Preprocess(fit="pad"), image=(1, 32, 32))


def test_text_and_pictures_beside_a_table_are_named_with_the_flag_that_drops_them():
    with pytest.raises(LayerwiseError, match="--drop note"):
        fit(table(a=numbers(1, 2), note=Texts(["x", "y"])), np.arange(2), Preprocess())
    with pytest.raises(LayerwiseError, match="--drop a"):
        fit(table(image=pictures(np.zeros((2, 1, 2, 2))), a=numbers(1, 2)), np.arange(2), Preprocess())


def test_a_field_that_is_empty_in_training_is_named():
    with pytest.raises(LayerwiseError, match="'a' is empty"):
        fit(table(a=numbers(NAN, NAN, 3), b=numbers(1, 2, 3)), np.arange(2), Preprocess())


def test_new_data_that_lack_a_field_or_changed_its_kind_are_refused():
    fitted = fit(table(a=numbers(1, 2), b=numbers(3, 4)), np.arange(2), Preprocess())
    with pytest.raises(LayerwiseError, match="lacks 'b'"):
        fitted.apply(table(a=numbers(1)))
    with pytest.raises(LayerwiseError, match="'b' was number and is now category"):
        fitted.apply(table(a=numbers(1), b=Categories(np.array([0]), ("x",))))


def test_columns_of_new_data_may_stand_in_any_order_beside_others():
    fitted = fit(table(a=numbers(1, 2), b=numbers(3, 7)), np.arange(2), Preprocess())
    ordered = fitted.apply(table(a=numbers(1), b=numbers(7)))
    assert fitted.apply(table(extra=numbers(0), b=numbers(7), a=numbers(1))).tolist() == ordered.tolist()
