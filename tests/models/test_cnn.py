"""The plain convolutional network: its parts counted by hand, and inputs it cannot take."""

import pytest
import torch

from layerwise.errors import LayerwiseError
from layerwise.models.cnn import cnn


def test_parameters_are_those_counted_by_hand():
    # Two blocks of 5x5 kernels with gain and shift a map, 48 maps of 4x4 into 64 units, and ten outputs.
    counted = (24 * 25 + 2 * 24) + (48 * 24 * 25 + 2 * 48) + (48 * 16 * 64 + 2 * 64) + (64 * 10 + 10)
    assert sum(part.numel() for part in cnn((1, 28, 28), 10).parameters()) == counted


def test_any_size_that_fits_is_taken():
    network = cnn((3, 40, 25), 4, maps=(4, 6), kernel=3, hidden_units=7)
    assert network(torch.zeros(2, 3, 40, 25)).shape == (2, 4)


@pytest.mark.parametrize(("inputs", "options", "found"), [
    (7, {}, "inputs = 7"), ((1, 11, 28), {}, "a picture of 1x11x28, 2 blocks, kernels of 5 by 5"),
    ((1, 28, 28), {"maps": ()}, "maps"), ((1, 28, 28), {"kernel": 0}, "kernel = 0"),
    ((1, 28, 28), {"hidden_units": 0}, "hidden_units = 0"),
])  # fmt: skip
def test_what_cannot_be_built_is_refused(inputs, options, found):
    with pytest.raises(LayerwiseError, match=found):
        cnn(inputs, 10, **options)
