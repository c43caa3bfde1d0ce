"""Learning rules: pure functions from a parameter, its gradient and a state to the next parameter and state.

Start with state None and hand back what the function returned. Weight decay is added to the gradient (an L2 penalty)
except in AdamW, which shrinks the parameter itself.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

__all__ = [
    "Accumulated",
    "Averages",
    "Moments",
    "Velocity",
    "adagrad",
    "adam",
    "adamw",
    "clip_by_norm",
    "clip_by_value",
    "lecture_momentum",
    "momentum",
    "nesterov",
    "rmsprop",
    "sgd",
]


@dataclass(frozen=True)
class Velocity:
    """The state of momentum."""

    velocity: Float[np.ndarray, "*shape"]


@dataclass(frozen=True)
class Accumulated:
    """The state of AdaGrad: how many steps were taken and the sum of the squared gradients."""

    steps: int
    squares: Float[np.ndarray, "*shape"]


@dataclass(frozen=True)
class Averages:
    """The state of RMSProp: moving averages of the squared gradient and of the gradient, and the velocity."""

    squares: Float[np.ndarray, "*shape"]
    gradients: Float[np.ndarray, "*shape"]
    velocity: Float[np.ndarray, "*shape"]


@dataclass(frozen=True)
class Moments:
    """The state of Adam: steps taken, moving averages of the gradient (first) and of its square (second)."""

    steps: int
    first: Float[np.ndarray, "*shape"]
    second: Float[np.ndarray, "*shape"]


def sgd(
    parameter: Float[np.ndarray, "*shape"],
    gradient: Float[np.ndarray, "*shape"],
    state: None = None,
    *,
    learning_rate: float,
    weight_decay: float = 0.0,
) -> tuple[Float[np.ndarray, "*shape"], None]:
    """Take one step of gradient descent.

    w <- w - lr (g + decay w)

    Args:
        parameter: The weights w.
        gradient: dE/dw.
        state: None; there is none.
        learning_rate: Step size lr, >= 0.
        weight_decay: Strength of the L2 penalty, >= 0.

    Source: lecture 003, "issues" (SGD, weight decay).

    Example:
        >>> sgd(np.array([1.0]), np.array([2.0]), learning_rate=0.25)[0].tolist()
        [0.5]
    """
    # w <- w - lr (g + decay w)
    return parameter - learning_rate * (gradient + weight_decay * parameter), state


def momentum(
    parameter: Float[np.ndarray, "*shape"],
    gradient: Float[np.ndarray, "*shape"],
    state: Velocity | None = None,
    *,
    learning_rate: float,
    momentum: float = 0.9,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
) -> tuple[Float[np.ndarray, "*shape"], Velocity]:
    """Take one step with momentum in torch's form, where the learning rate stands outside the velocity.

    v <- momentum v + (1 - dampening) g (v = g at first),  w <- w - lr v

    Args:
        parameter: The weights w.
        gradient: dE/dw.
        state: The velocity, or None at first.
        learning_rate: Step size lr, >= 0.
        momentum: Share of the old velocity, from 0 to 1.
        dampening: What the new gradient loses from the second step on, from 0 to 1.
        weight_decay: Strength of the L2 penalty, >= 0.

    Source: lecture 004, "Momentum"; `torch.optim.SGD`.

    Example:
        >>> one = np.array([1.0])
        >>> first, state = momentum(one, one, learning_rate=0.25, momentum=0.5)
        >>> second, state = momentum(first, one, state, learning_rate=0.25, momentum=0.5)
        >>> first.tolist(), second.tolist()
        ([0.75], [0.375])
    """
    slope = gradient + weight_decay * parameter
    # v <- momentum v + (1 - dampening) g
    velocity = slope if state is None else momentum * state.velocity + (1 - dampening) * slope
    # w <- w - lr v
    return parameter - learning_rate * velocity, Velocity(velocity)


def lecture_momentum(
    parameter: Float[np.ndarray, "*shape"],
    gradient: Float[np.ndarray, "*shape"],
    state: Velocity | None = None,
    *,
    learning_rate: float,
    momentum: float = 0.9,
    weight_decay: float = 0.0,
) -> tuple[Float[np.ndarray, "*shape"], Velocity]:
    """Take one step with momentum in the form of Caffe and AlexNet, where the learning rate is inside the velocity.

    v <- momentum v - lr g,  w <- w + v

    With a constant learning rate the path is that of `momentum`; after a change it differs.

    Args:
        parameter: The weights w.
        gradient: dE/dw.
        state: The velocity, or None at first.
        learning_rate: Step size lr, >= 0.
        momentum: Share of the old velocity, from 0 to 1.
        weight_decay: Strength of the L2 penalty, >= 0.

    Source: lecture 004, "Momentum"; Krizhevsky et al., NeurIPS 2012, section 5.

    Example:
        >>> one = np.array([1.0])
        >>> first, state = lecture_momentum(one, one, learning_rate=0.25, momentum=0.5)
        >>> second, state = lecture_momentum(first, one, state, learning_rate=0.25, momentum=0.5)
        >>> first.tolist(), second.tolist()
        ([0.75], [0.375])
    """
    before = np.zeros_like(parameter) if state is None else state.velocity
    # v <- momentum v - lr g
    velocity = momentum * before - learning_rate * (gradient + weight_decay * parameter)
    # w <- w + v
    return parameter + velocity, Velocity(velocity)


def nesterov(
    parameter: Float[np.ndarray, "*shape"],
    gradient: Float[np.ndarray, "*shape"],
    state: Velocity | None = None,
    *,
    learning_rate: float,
    momentum: float = 0.9,
    weight_decay: float = 0.0,
) -> tuple[Float[np.ndarray, "*shape"], Velocity]:
    """Take one step with Nesterov's momentum, which looks one step ahead.

    v <- momentum v + g (v = g at first),  w <- w - lr (g + momentum v)

    Args:
        parameter: The weights w.
        gradient: dE/dw.
        state: The velocity, or None at first.
        learning_rate: Step size lr, >= 0.
        momentum: Share of the old velocity, from 0 to 1.
        weight_decay: Strength of the L2 penalty, >= 0.

    Source: Sutskever et al., ICML 2013; `torch.optim.SGD(nesterov=True)`.

    Example:
        >>> nesterov(np.array([1.0]), np.array([1.0]), learning_rate=0.25, momentum=0.5)[0].tolist()
        [0.625]
    """
    slope = gradient + weight_decay * parameter
    # v <- momentum v + g
    velocity = slope if state is None else momentum * state.velocity + slope
    # w <- w - lr (g + momentum v)
    return parameter - learning_rate * (slope + momentum * velocity), Velocity(velocity)


def adagrad(
    parameter: Float[np.ndarray, "*shape"],
    gradient: Float[np.ndarray, "*shape"],
    state: Accumulated | None = None,
    *,
    learning_rate: float,
    learning_rate_decay: float = 0.0,
    epsilon: float = 1e-10,
    weight_decay: float = 0.0,
) -> tuple[Float[np.ndarray, "*shape"], Accumulated]:
    """Take one step of AdaGrad: each weight has a step size that shrinks with the gradients it has seen.

    h <- h + g g,  w <- w - lr / (sqrt(h) + epsilon) g

    Args:
        parameter: The weights w.
        gradient: dE/dw.
        state: Steps and h, or None at first.
        learning_rate: Step size lr, >= 0.
        learning_rate_decay: Divides lr by 1 + decay (t - 1) at step t, >= 0.
        epsilon: Keeps a gradient of 0 from giving 0/0 (slip E49).
        weight_decay: Strength of the L2 penalty, >= 0.

    Source: lecture 004, "AdaGrad"; Duchi et al., JMLR 2011.

    Example:
        >>> adagrad(np.array([1.0]), np.array([3.0]), learning_rate=0.5)[0].round(9).tolist()
        [0.5]
    """
    slope = gradient + weight_decay * parameter
    steps, before = (0, np.zeros_like(parameter)) if state is None else (state.steps, state.squares)
    rate = learning_rate / (1 + steps * learning_rate_decay)
    # h <- h + g g
    squares = before + slope * slope
    # w <- w - lr / (sqrt(h) + epsilon) g
    return parameter - rate * slope / (np.sqrt(squares) + epsilon), Accumulated(steps + 1, squares)


def rmsprop(
    parameter: Float[np.ndarray, "*shape"],
    gradient: Float[np.ndarray, "*shape"],
    state: Averages | None = None,
    *,
    learning_rate: float,
    decay: float = 0.99,
    epsilon: float = 1e-8,
    weight_decay: float = 0.0,
    momentum: float = 0.0,
    centred: bool = False,
) -> tuple[Float[np.ndarray, "*shape"], Averages]:
    """Take one step of RMSProp: AdaGrad that forgets, so that learning does not come to rest.

    h <- rho h + (1 - rho) g g,  w <- w - lr / (sqrt(h) + epsilon) g

    Args:
        parameter: The weights w.
        gradient: dE/dw.
        state: The moving averages, or None at first.
        learning_rate: Step size lr, >= 0.
        decay: The rho of the lecture, from 0 to 1.
        epsilon: Keeps a gradient of 0 from giving 0/0.
        weight_decay: Strength of the L2 penalty, >= 0.
        momentum: Share of the last step that is taken again, from 0 to 1.
        centred: Divide by the deviation instead, sqrt(h - mean(g)^2).

    Source: lecture 004, "RMSProp"; `torch.optim.RMSprop`.

    Example:
        >>> rmsprop(np.array([1.0]), np.array([3.0]), learning_rate=0.05, decay=0.75)[0].round(6).tolist()
        [0.9]
    """
    slope = gradient + weight_decay * parameter
    zero = np.zeros_like(parameter)
    before = Averages(zero, zero, zero) if state is None else state
    # h <- rho h + (1 - rho) g g
    squares = decay * before.squares + (1 - decay) * slope * slope
    # mean(g) <- rho mean(g) + (1 - rho) g
    gradients = decay * before.gradients + (1 - decay) * slope
    spread = np.sqrt(squares - gradients**2) if centred else np.sqrt(squares)
    # v <- momentum v + g / (sqrt(h) + epsilon)
    velocity = momentum * before.velocity + slope / (spread + epsilon)
    # w <- w - lr v
    return parameter - learning_rate * velocity, Averages(squares, gradients, velocity)


def adam(
    parameter: Float[np.ndarray, "*shape"],
    gradient: Float[np.ndarray, "*shape"],
    state: Moments | None = None,
    *,
    learning_rate: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    epsilon: float = 1e-8,
    weight_decay: float = 0.0,
) -> tuple[Float[np.ndarray, "*shape"], Moments]:
    """Take one step of Adam: momentum and RMSProp together, both corrected for their start at 0.

    m <- b1 m + (1 - b1) g,  v <- b2 v + (1 - b2) g g
    w <- w - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)

    Args:
        parameter: The weights w.
        gradient: dE/dw.
        state: Steps, m and v, or None at first.
        learning_rate: Step size lr, >= 0; the first step has this size whatever the gradient's scale.
        betas: b1 and b2, from 0 to 1.
        epsilon: Added after the root, > 0.
        weight_decay: Strength of the L2 penalty, >= 0.

    Source: lecture 004, "ADAM"; arXiv:1412.6980, algorithm 1.

    Example:
        >>> adam(np.array([1.0, 1.0]), np.array([5.0, -0.001]), learning_rate=0.25)[0].round(4).tolist()
        [0.75, 1.25]
    """
    slope = gradient + weight_decay * parameter
    zero = np.zeros_like(parameter)
    before = Moments(0, zero, zero) if state is None else state
    t = before.steps + 1
    # m <- b1 m + (1 - b1) g
    first = betas[0] * before.first + (1 - betas[0]) * slope
    # v <- b2 v + (1 - b2) g g
    second = betas[1] * before.second + (1 - betas[1]) * slope * slope
    # w <- w - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)
    spread = np.sqrt(second) / math.sqrt(1 - betas[1] ** t) + epsilon
    return parameter - learning_rate / (1 - betas[0] ** t) * first / spread, Moments(t, first, second)


def adamw(
    parameter: Float[np.ndarray, "*shape"],
    gradient: Float[np.ndarray, "*shape"],
    state: Moments | None = None,
    *,
    learning_rate: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    epsilon: float = 1e-8,
    weight_decay: float = 0.01,
) -> tuple[Float[np.ndarray, "*shape"], Moments]:
    """Take one step of AdamW: the weights shrink by themselves, apart from Adam's scaling.

    w <- (1 - lr decay) w, then Adam's step without decay in the gradient

    Args:
        parameter: The weights w.
        gradient: dE/dw.
        state: Steps, m and v, or None at first.
        learning_rate: Step size lr, >= 0.
        betas: b1 and b2, from 0 to 1.
        epsilon: Added after the root, > 0.
        weight_decay: Share of the weights lost per unit of learning rate, >= 0.

    Source: arXiv:1711.05101, algorithm 2.

    Example:
        >>> adamw(np.array([1.0]), np.array([5.0]), learning_rate=0.25, weight_decay=0.4)[0].round(4).tolist()
        [0.65]
    """
    # w <- (1 - lr decay) w
    shrunk = parameter * (1 - learning_rate * weight_decay)
    return adam(shrunk, gradient, state, learning_rate=learning_rate, betas=betas, epsilon=epsilon)


def clip_by_norm(
    gradients: list[Float[np.ndarray, "..."]], limit: float
) -> tuple[list[Float[np.ndarray, "..."]], float]:
    """Return the gradients, scaled down together if they are longer than the limit, and their length before.

    g <- g min(1, limit / (||g|| + 1e-6)) with ||g|| over all gradients

    Args:
        gradients: Those of all parameters.
        limit: The greatest length, > 0.

    Source: lecture 001, "exploding gradients: clip"; arXiv:1211.5063; `torch.nn.utils.clip_grad_norm_`.

    Example:
        >>> clipped, length = clip_by_norm([np.array([3.0]), np.array([4.0])], 1.0)
        >>> [part.round(4).tolist() for part in clipped], length
        ([[0.6], [0.8]], 5.0)
    """
    # ||g|| = sqrt(sum of all g^2)
    length = math.sqrt(sum(float((gradient**2).sum()) for gradient in gradients))
    # the 1e-6 is torch's, so that both clip to the same bit
    factor = min(1.0, limit / (length + 1e-6))
    return [gradient * factor for gradient in gradients], length


def clip_by_value(gradients: list[Float[np.ndarray, "..."]], limit: float) -> list[Float[np.ndarray, "..."]]:
    """Return the gradients with every entry between -limit and limit.

    g <- min(max(g, -limit), limit)

    Args:
        gradients: Those of all parameters.
        limit: The greatest size of an entry, > 0.

    Source: lecture 000, "exploding gradients: set a maximum value"; `torch.nn.utils.clip_grad_value_`.

    Example:
        >>> clip_by_value([np.array([3.0, -0.5])], 1.0)[0].tolist()
        [1.0, -0.5]
    """
    # g <- min(max(g, -limit), limit)
    return [np.clip(gradient, -limit, limit) for gradient in gradients]
