"""Counted randomness: the same names give the same numbers, everywhere and for ever; others are independent."""

import numpy as np
import torch
from scipy import stats

from layerwise.randomness import generator, order


def test_the_order_of_an_epoch_is_a_permutation_that_repeats():
    first = order(3, 5, 100)
    assert sorted(first.tolist()) == list(range(100))
    assert torch.equal(first, order(3, 5, 100))


def test_seed_epoch_and_purpose_give_other_numbers():
    draws = [
        torch.rand(8, generator=generator(*names)).tolist()
        for names in [
            (0, "order", 0),
            (0, "order", 1),
            (1, "order", 0),
            (0, "augment", 0),
            (0, "order", 0, 0),
            (10, "order"),
        ]
    ]
    assert len({tuple(draw) for draw in draws}) == 6


def test_names_do_not_run_together():
    assert not torch.equal(torch.rand(4, generator=generator(1, 11)), torch.rand(4, generator=generator(11, 1)))
    assert not torch.equal(torch.rand(4, generator=generator(0, "1")), torch.rand(4, generator=generator(0, 1)))


def test_torchs_own_random_state_is_neither_read_nor_moved():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = order(0, 0, 50)
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(2)
    assert torch.equal(first, order(0, 0, 50))


def test_orders_of_neighbouring_epochs_are_independent():
    # Spearman's correlation of 400 pairs of orders of 50: its standard deviation is 1 / sqrt(49).
    pairs = [stats.spearmanr(order(0, epoch, 50), order(0, epoch + 1, 50)).statistic for epoch in range(400)]
    assert abs(np.mean(pairs)) < 4 / np.sqrt(49 * 400)
    assert abs(np.std(pairs) - 1 / 7) < 0.02


def test_every_example_comes_first_equally_often():
    firsts = np.bincount([int(order(seed, 0, 10)[0]) for seed in range(2000)], minlength=10)
    assert stats.chisquare(firsts).pvalue > 1e-4
