"""Elementwise activations, each as f(x) -> (y, dy/dx); and those that are not elementwise.

At kinks the convention stands in the docstring. Sources: the papers named there; the derivatives
are worked by hand.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import erf
from jaxtyping import Array, Float

from fbp.layer import Layer, elementwise, stateless
from fbp.layers.factors.factor import factored
from fbp.layers.factors.rows import sum_of_places

SQRT_2 = 2**0.5
SQRT_2_PI = (2 / math.pi) ** 0.5
INV_SQRT_2PI = (2 * math.pi) ** -0.5
GELU_CUBIC = 0.044715  # Hendrycks & Gimpel 2016, section 2


def identity() -> Layer:
    """y = x."""
    return elementwise("identity", lambda x: (x, jnp.ones_like(x, dtype=bool)))


def binary_step() -> Layer:
    """y = 1 for x > 0, else 0. The derivative is 0 everywhere, by convention at 0 too."""
    return elementwise(
        "binary_step", lambda x: ((x > 0).astype(x.dtype), jnp.zeros_like(x, dtype=bool))
    )


def sigmoid_value_and_slope(x: Float[Array, "*shape"]):
    """s = 1 / (1 + exp(-x)), s' = s (1 - s)."""
    y = jax.lax.logistic(x)
    return y, y * (1 - y)


def sigmoid() -> Layer:
    """y = 1 / (1 + exp(-x)). Source: Nielsen 2015, eq. 3."""
    return elementwise("sigmoid", sigmoid_value_and_slope)


def tanh_value_and_slope(x: Float[Array, "*shape"]):
    """y = tanh x, y' = 1 - y^2."""
    y = jnp.tanh(x)
    return y, 1 - y * y


def tanh() -> Layer:
    """y = tanh x."""
    return elementwise("tanh", tanh_value_and_slope)


def arctan() -> Layer:
    """y = arctan x, y' = 1 / (1 + x^2)."""
    return elementwise("arctan", lambda x: (jnp.arctan(x), 1 / (1 + x * x)))


def relu() -> Layer:
    """y = max(x, 0); y'(0) = 0. Source: Nair & Hinton 2010."""
    return elementwise("relu", lambda x: (jnp.maximum(x, 0), x > 0))


def leaky_relu(slope: float = 0.01) -> Layer:
    """y = x for x > 0, else slope x; y'(0) = slope. Source: Maas et al. 2013."""

    def f(x):
        gate = jnp.where(x > 0, jnp.ones_like(x), slope)
        return gate * x, gate

    return elementwise(f"leaky_relu({slope:g})", f)


def elu(alpha: float = 1.0) -> Layer:
    """y = x for x > 0, else alpha (exp x - 1); y'(0) = alpha. Source: Clevert et al. 2015."""

    def f(x):
        below = alpha * jnp.expm1(jnp.minimum(x, 0))
        return jnp.where(x > 0, x, below), jnp.where(x > 0, jnp.ones_like(x), below + alpha)

    return elementwise(f"elu({alpha:g})", f)


def softplus() -> Layer:
    """y = log(1 + exp x), y' = sigmoid(x). Source: Dugas et al. 2000."""
    return elementwise("softplus", lambda x: (jnp.logaddexp(x, 0), jax.lax.logistic(x)))


def silu_value_and_slope(x: Float[Array, "*shape"]):
    """y = x s, y' = s (1 + x (1 - s)), with s the sigmoid."""
    s = jax.lax.logistic(x)
    return x * s, s * (1 + x * (1 - s))


def silu() -> Layer:
    """y = x s(x), with s the sigmoid. Source: Elfwing et al. 2017."""
    return elementwise("silu", silu_value_and_slope)


def gelu_erf_value_and_slope(x: Float[Array, "*shape"]):
    """y = x P(x), y' = P(x) + x p(x), with P and p the standard normal's cdf and density."""
    cdf = 0.5 * (1 + erf(x / SQRT_2))
    density = jnp.exp(-0.5 * x * x) * INV_SQRT_2PI
    return x * cdf, cdf + x * density


def gelu_tanh_value_and_slope(x: Float[Array, "*shape"]):
    """y = x (1 + t) / 2 with t = tanh u, u = sqrt(2/pi) (x + c x^3).

    y' = (1 + t) / 2 + x (1 - t^2) u' / 2 with u' = sqrt(2/pi) (1 + 3 c x^2).
    """
    t = jnp.tanh(SQRT_2_PI * (x + GELU_CUBIC * x**3))
    du = SQRT_2_PI * (1 + 3 * GELU_CUBIC * x * x)
    return 0.5 * x * (1 + t), 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * du


def gelu(approximate: bool = False) -> Layer:
    """The Gaussian error linear unit, by erf or by its tanh approximation.

    Source: Hendrycks & Gimpel 2016, section 2.
    """
    if approximate:
        return elementwise("gelu(tanh)", gelu_tanh_value_and_slope)
    return elementwise("gelu(erf)", gelu_erf_value_and_slope)


class PReLUParams(NamedTuple):
    """slope: (features,), of the half line x <= 0."""

    slope: Float[Array, " features"]


def prelu_forward(params: PReLUParams, x: Float[Array, "*batch features"]):
    """y = x for x > 0, else slope x. Residual: x."""
    return jnp.where(x > 0, x, params.slope * x), x


def prelu_jvp(params: PReLUParams, x, tparams: PReLUParams, tx):
    """ty = tx for x > 0, else slope tx + tslope x."""
    return jnp.where(x > 0, tx, params.slope * tx + tparams.slope * x)


def prelu_vjp(params: PReLUParams, x, dy):
    """dslope = sum over x <= 0 of x dy, dx = dy for x > 0, else slope dy; at 0 as below 0."""
    below = jnp.where(x > 0, 0, x * dy).reshape(-1, x.shape[-1])
    dslope = jnp.sum(below, axis=0, dtype=jnp.promote_types(x.dtype, jnp.float32))
    dx = jnp.where(x > 0, dy, params.slope * dy)
    return PReLUParams(dslope.astype(x.dtype)), dx


def prelu_factors(params: PReLUParams, x, dy):
    """As prelu_vjp: dslope_i = sum over x <= 0 of x dy, over the places of example i."""
    below = jnp.where(x > 0, 0, x * dy)
    return factored(params, sum_of_places(below)), jnp.where(x > 0, dy, params.slope * dy)


def prelu(initial: float = 0.25) -> Layer:
    """A leaky ReLU that learns one slope a feature. Source: He et al. 2015b, eq. 1."""

    def init(key, x):
        return PReLUParams(jnp.full(x.shape[-1:], initial, x.dtype))

    return stateless("prelu", init, prelu_forward, prelu_jvp, prelu_vjp, prelu_factors)


def softmax_forward(params: tuple, x: Float[Array, "*batch features"]):
    """y_i = exp x_i / sum_j exp x_j over the last axis. Residual: y."""
    y = jax.nn.softmax(x, axis=-1)
    return y, y


def softmax_jvp(params: tuple, y, tparams: tuple, tx):
    """ty = y (tx - <y, tx>): the Jacobian diag(y) - y y^T."""
    return y * (tx - jnp.sum(y * tx, axis=-1, keepdims=True))


def softmax_vjp(params: tuple, y, dy):
    """dx = y (dy - <y, dy>): the Jacobian is its own transpose."""
    return (), y * (dy - jnp.sum(y * dy, axis=-1, keepdims=True))


def softmax() -> Layer:
    """Positive outputs that sum to 1 over the last axis. Source: Bridle 1990."""
    return stateless("softmax", lambda key, x: (), softmax_forward, softmax_jvp, softmax_vjp)
