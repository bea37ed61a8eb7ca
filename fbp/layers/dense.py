"""y = x W + b."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from fbp.backend import LEFT_FACTOR, by_backend
from fbp.layer import Layer, LayerError, stateless
from fbp.layers.factors.factor import factored
from fbp.layers.factors.outer import Outer
from fbp.layers.factors.rows import sum_of_places
from fbp.layers.initializers import Initializer, lecun_normal, zeros

FEW, WIDE = 128, 2048  # rows, columns: with more and fewer, turning costs what it gains


class DenseParams(NamedTuple):
    """weight: (inputs, features). bias: (features,), or None without one."""

    weight: Float[Array, "inputs features"]
    bias: Float[Array, " features"] | None


def dense_forward(params: DenseParams, x: Float[Array, "*batch inputs"]):
    """y = x W + b. x: (..., inputs) -> y: (..., features). Residual: x."""
    y = matmul(x, params.weight)
    return (y if params.bias is None else y + params.bias), x


def dense_jvp(params: DenseParams, x, tparams: DenseParams, tx):
    """ty = tx W + x tW + tb: the product rule."""
    ty = matmul(tx, params.weight) + matmul(x, tparams.weight)
    return ty if tparams.bias is None else ty + tparams.bias


def dense_vjp(params: DenseParams, x, dy):
    """dW = x^T dy, db = sum dy, dx = dy W^T; all leading dimensions are one batch.

    Source: Nielsen 2015, chapter 2, BP2-BP4, for a mini-batch.
    """
    rows, drows = x.reshape(-1, x.shape[-1]), dy.reshape(-1, dy.shape[-1])
    dweight = transposed_matmul(rows, drows)
    dbias = None if params.bias is None else sum_rows(drows)
    return DenseParams(dweight, dbias), matmul(dy, params.weight.T)


def dense_factors(params: DenseParams, x, dy):
    """As dense_vjp: dW_i = x_i^T dy_i and db_i = sum dy_i, over the places of example i."""
    dbias = None if params.bias is None else sum_of_places(dy)
    return factored(params, Outer(x, dy), dbias), matmul(dy, params.weight.T)


def dense(
    features: int,
    *,
    use_bias: bool = True,
    weight_init: Initializer = lecun_normal,
    bias_init: Initializer = zeros,
) -> Layer:
    """A fully connected layer on the last axis. Source: Nielsen 2015, chapter 2, eq. 25.

    Raises LayerError for features < 1 and, at init, for a scalar or an integer input.
    """
    if features < 1:
        raise LayerError(f"dense needs features >= 1, got {features}")

    def init(key, x):
        require_floating_features("dense", x)
        weight_key, bias_key = jax.random.split(key)
        weight = weight_init(weight_key, (x.shape[-1], features), x.dtype)
        return DenseParams(weight, bias_init(bias_key, (features,), x.dtype) if use_bias else None)

    return stateless(f"dense({features})", init, dense_forward, dense_jvp, dense_vjp, dense_factors)


def require_floating_features(name: str, x: jax.ShapeDtypeStruct | Array) -> None:
    """Raises LayerError unless x is floating and has a feature axis."""
    if x.ndim < 1 or not jnp.issubdtype(x.dtype, jnp.floating):
        raise LayerError(f"{name} takes floating (..., inputs), got {x.dtype.name}{list(x.shape)}")


def matmul(a: Array, b: Array) -> Array:
    """a @ b in a's dtype, accumulated in float32 or better."""
    return matmul_wide(a, b).astype(a.dtype)


def matmul_wide(a: Array, b: Array) -> Array:
    """a @ b, accumulated and returned in float32 or better."""
    return jnp.matmul(a, b, preferred_element_type=jnp.promote_types(a.dtype, jnp.float32))


def transposed_matmul(a: Array, b: Array) -> Array:
    """a^T b in a's dtype, accumulated in float32 or better."""
    return transposed_matmul_wide(a, b).astype(a.dtype)


def transposed_matmul_wide(a: Array, b: Array) -> Array:
    """a^T b, accumulated and returned in float32 or better."""
    ways = {
        "as it lies": lambda a, b: matmul_wide(a.T, b),
        "turned first": lambda a, b: matmul_wide(lax.optimization_barrier(a.T), b),
    }
    if a.shape[0] > FEW and b.shape[-1] < WIDE:
        return ways["as it lies"](a, b)
    return by_backend(LEFT_FACTOR, ways, a, b)


def sum_rows(a: Array) -> Array:
    """Sum over the first axis in a's dtype, accumulated in float32 or better."""
    return jnp.sum(a, axis=0, dtype=jnp.promote_types(a.dtype, jnp.float32)).astype(a.dtype)
