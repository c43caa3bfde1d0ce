"""Learning what an action is worth (lecture 003, "Automatic Game Playing"): Bellman's equation, target and error.

Q(s, a) = r + discount max_b Q(s', b),   and Q(s, a) = r where the episode ends
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float, Int

__all__ = ["bellman_target", "clipped_error", "q_gradient", "value_iteration"]


def bellman_target(
    rewards: Float[np.ndarray, " moves"],
    next_values: Float[np.ndarray, "moves actions"],
    over: Bool[np.ndarray, " moves"],
    discount: float,
) -> Float[np.ndarray, " moves"]:
    """Return what the value of each move should be.

    y = r + discount max_b Q'(s', b);  y = r where the episode is over

    Args:
        rewards: Reward r of each move.
        next_values: Value Q' of every action on the next screen, by the target network.
        over: Whether the move ended its episode: nothing follows it then.
        discount: Worth of a reward one move later, 0 to 1.

    Source: Mnih et al., Nature 2015, algorithm 1.

    Example:
        >>> bellman_target(np.array([0.0, 1.0]), np.array([[0.5, 2.0], [9.0, 9.0]]), np.array([False, True]), 0.9)
        array([1.8, 1. ])
    """
    # y = r + discount max_b Q'(s', b) [not over]
    return rewards + discount * next_values.max(axis=1) * ~over


def clipped_error(
    values: Float[np.ndarray, "moves actions"], actions: Int[np.ndarray, " moves"], targets: Float[np.ndarray, " moves"]
) -> float:
    """Return the summed error of the chosen actions: squared near the target, straight further away.

    E = sum_i h(Q(s_i, a_i) - y_i),  h(d) = d^2 / 2 for |d| <= 1, |d| - 1/2 beyond

    Args:
        values: Q of every action on each screen.
        actions: The action that was chosen.
        targets: What its value should be.

    Source: Huber 1964; Mnih et al. 2015, Methods ("clipping the error term").

    Example:
        >>> clipped_error(np.array([[0.0, 3.0], [1.0, 0.0]]), np.array([1, 0]), np.array([0.0, 0.5]))
        2.625
    """
    error = values[np.arange(len(values)), actions] - targets
    # h(d) = d^2 / 2 for |d| <= 1, |d| - 1/2 beyond
    return float(np.where(np.abs(error) <= 1, error**2 / 2, np.abs(error) - 0.5).sum())


def q_gradient(
    values: Float[np.ndarray, "moves actions"], actions: Int[np.ndarray, " moves"], targets: Float[np.ndarray, " moves"]
) -> Float[np.ndarray, "moves actions"]:
    """Return the slope of the clipped error: the error cut to -1 .. 1 at the chosen action, 0 at all others.

    dE/dQ(s_i, a) = min(1, max(-1, Q(s_i, a_i) - y_i)) for a = a_i, else 0

    Args:
        values: Q of every action on each screen.
        actions: The action that was chosen.
        targets: What its value should be; no slope flows through them.

    Source: Mnih et al. 2015, Methods ("clipping the error term").

    Example:
        >>> q_gradient(np.array([[0.0, 3.0], [1.0, 0.0]]), np.array([1, 0]), np.array([0.0, 0.5]))
        array([[0. , 1. ],
               [0.5, 0. ]])
    """
    rows = np.arange(len(values))
    slope = np.zeros_like(values)
    # dE/dQ = clip(Q - y, -1, 1)
    slope[rows, actions] = np.clip(values[rows, actions] - targets, -1, 1)
    return slope


def value_iteration(
    step: Callable[[int, int], tuple[int, float, bool]], states: int, actions: int, *, discount: float, sweeps: int
) -> Float[np.ndarray, "states actions"]:
    """Return the value of every action in every state of a small game, by repeating Bellman's equation.

    Q(s, a) <- r + discount max_b Q(s', b)

    Args:
        step: The rules: `(state, action) -> next state, reward, whether the episode is over`.
        states: Number of states.
        actions: Number of actions.
        discount: Worth of a reward one move later, 0 to 1.
        sweeps: How often all states are gone through.

    Source: Bellman 1957; Sutton and Barto, Reinforcement Learning, section 4.4.

    Example:
        >>> corridor = lambda place, way: (place + way, float(place + way == 2), place + way == 2)
        >>> value_iteration(corridor, 2, 2, discount=0.5, sweeps=50).round(3).tolist()
        [[0.25, 0.5], [0.5, 1.0]]
    """
    values = np.zeros((states, actions))
    for _ in range(sweeps):
        for state in range(states):
            for action in range(actions):
                following, reward, over = step(state, action)
                # Q(s, a) = r + discount max_b Q(s', b)
                values[state, action] = reward if over else reward + discount * values[following].max()
    return values
