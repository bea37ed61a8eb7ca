"""Mistakes in slopes: an elementwise rule is wrong in its residual, so in both directions."""

import jax
import jax.numpy as jnp
from jax.scipy.special import erf

from fbp.layer import Layer, elementwise
from fbp.proof.mutants.mutant import Mutant, with_jvp, with_vjp


def slope(wrong):
    """The same values with the slope wrong(x, y)."""

    def change(layer: Layer) -> Layer:
        def f(x):
            y = layer.forward((), (), x, None)[0]
            return y, wrong(x, y)

        return elementwise(layer.name, f)

    return change


def logistic(x):
    return jax.lax.logistic(x)


def slope_not_summed_over_time(params, x, dy):
    below = jnp.where(x > 0, 0, x * dy).reshape(-1, *x.shape[-2:])[:, 0].sum(0)
    return params._replace(slope=below), jnp.where(x > 0, dy, params.slope * dy)


def slope_of_all_inputs(params, x, dy):
    dslope = (x * dy).reshape(-1, x.shape[-1]).sum(0)
    return params._replace(slope=dslope), jnp.where(x > 0, dy, params.slope * dy)


def jacobian(y, dy):
    return y * (dy - jnp.sum(y * dy, axis=-1, keepdims=True))


MUTANTS = (
    Mutant("slope 1 - s", "sigmoid", slope(lambda x, y: 1 - y)),
    Mutant("slope s(1 - s) of the output again", "sigmoid", slope(lambda x, y: logistic(y))),
    Mutant("slope 1 - y", "tanh", slope(lambda x, y: 1 - y)),
    Mutant("slope 1 / (1 + x)", "arctan", slope(lambda x, y: 1 / (1 + abs(x)))),
    Mutant("slope 1 at 0", "relu", slope(lambda x, y: x >= 0)),
    Mutant("no gate", "relu", slope(lambda x, y: jnp.ones_like(x))),
    Mutant("slope 1 at 0", "leaky_relu", slope(lambda x, y: jnp.where(x >= 0, 1.0, 0.1))),
    Mutant("slope 0.2 below 0", "leaky_relu", slope(lambda x, y: jnp.where(x > 0, 1.0, 0.2))),
    Mutant("alpha forgotten", "elu", slope(lambda x, y: jnp.where(x > 0, 1.0, jnp.exp(x)))),
    Mutant(
        "a where that lets NaN through",
        "elu",
        slope(lambda x, y: (x > 0) + (x <= 0) * 0.7 * jnp.exp(x)),
    ),
    Mutant("slope 1 at 0", "elu", slope(lambda x, y: jnp.where(x >= 0, 1.0, y + 0.7))),
    Mutant("slope of tanh", "softplus", slope(lambda x, y: jnp.tanh(x))),
    Mutant("x s'(x) forgotten", "silu", slope(lambda x, y: logistic(x))),
    Mutant("density term forgotten", "gelu/erf", slope(lambda x, y: (1 + erf(x / 2**0.5)) / 2)),
    Mutant(
        "slope of the tanh approximation",
        "gelu/erf",
        slope(lambda x, y: jax.vmap(jax.grad(jax.nn.gelu))(x.ravel()).reshape(x.shape)),
    ),
    Mutant(
        "u'(x) without its square",
        "gelu/tanh",
        slope(
            lambda x, y: (
                (1 + jnp.tanh(0.7978845608 * (x + 0.044715 * x**3))) / 2
                + x / 2 * (1 - jnp.tanh(0.7978845608 * (x + 0.044715 * x**3)) ** 2) * 0.7978845608
            )
        ),
    ),
    Mutant("slope missing its sum over time", "prelu", with_vjp(slope_not_summed_over_time)),
    Mutant("slope learns from positive inputs", "prelu", with_vjp(slope_of_all_inputs)),
    Mutant("the Jacobian's diagonal only", "softmax", with_vjp(lambda p, y, dy: ((), y * dy))),
    Mutant("y (1 - y) dy", "softmax", with_vjp(lambda p, y, dy: ((), y * (1 - y) * dy))),
    Mutant(
        "summed over the batch",
        "softmax",
        with_vjp(lambda p, y, dy: ((), y * (dy - jnp.sum(y * dy, axis=0, keepdims=True)))),
    ),
    Mutant(
        "mean for the sum",
        "softmax",
        with_jvp(lambda p, y, tp, tx: y * (tx - jnp.mean(y * tx, axis=-1, keepdims=True))),
        "jvp",
    ),
    Mutant(
        "probabilities rounded to bfloat16",
        "softmax/confident",
        with_vjp(lambda p, y, dy: ((), jacobian(y.astype(jnp.bfloat16).astype(y.dtype), dy))),
    ),
)
