"""From an image to tokens and back to one vector: patches, a class token, the first token."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from fbp.layer import Layer, LayerError, stateless
from fbp.layers.dense import require_floating_features
from fbp.layers.factors.factor import factored
from fbp.layers.factors.rows import Rows
from fbp.layers.initializers import Initializer, small_normal
from fbp.witness import witness


def cut(x: Float[Array, "batch height width channels"], patch: int):
    """(batch, height, width, channels) -> (batch, patches, patch * patch * channels)."""
    batch, height, width, channels = x.shape
    rows, columns = height // patch, width // patch
    x = x.reshape(batch, rows, patch, columns, patch, channels)
    return x.swapaxes(2, 3).reshape(batch, rows * columns, patch * patch * channels)


def patches_vjp(res, dy: Float[Array, "batch patches pixels"], patch: int):
    """Every pixel's cotangent back to its place: the inverse of cut."""
    _, batch, height, width, channels = res.shape
    dy = dy.reshape(batch, height // patch, width // patch, patch, patch, channels)
    return (), dy.swapaxes(2, 3).reshape(batch, height, width, channels)


def patches(patch: int) -> Layer:
    """An image as its patches of patch x patch pixels, row by row. Source: Dosovitskiy et al. 2021.

    Raises LayerError, at init, unless x is (batch, height, width, channels) of whole patches.
    """

    def init(key, x):
        if x.ndim != 4 or x.shape[1] % patch or x.shape[2] % patch:
            raise LayerError(
                f"patches({patch}) takes (batch, height, width, channels) with sides that are "
                f"multiples of {patch}, got {list(x.shape)}"
            )
        return ()

    return stateless(
        f"patches({patch})",
        init,
        lambda params, x: (cut(x, patch), witness(x)),
        lambda params, res, tparams, tx: cut(tx, patch),
        lambda params, res, dy: patches_vjp(res, dy, patch),
    )


class TokenParams(NamedTuple):
    """token: (features,)."""

    token: Float[Array, " features"]


def prepend(token: Float[Array, " features"], x: Float[Array, "batch length features"]):
    """The token before each sequence."""
    first = jnp.broadcast_to(token, (x.shape[0], 1, x.shape[-1]))
    return jnp.concatenate([first, x], axis=1)


def class_token_vjp(params: TokenParams, res: tuple, dy: Float[Array, "batch length features"]):
    """dtoken = sum over the batch of dy at place 0; dx = the rest."""
    wide = jnp.promote_types(dy.dtype, jnp.float32)
    dtoken = jnp.sum(dy[:, 0], axis=0, dtype=wide).astype(params.token.dtype)
    return TokenParams(dtoken), dy[:, 1:]


def class_token_factors(params: TokenParams, res: tuple, dy):
    """As class_token_vjp: dtoken_i = dy_i at place 0."""
    return factored(params, Rows(dy[:, 0], dy.shape[-1])), dy[:, 1:]


def class_token(*, token_init: Initializer = small_normal) -> Layer:
    """Puts a learned token before each sequence (batch, length, features).

    Source: Devlin et al. 2018, section 3. Raises LayerError, at init, for another rank.
    """

    def init(key, x):
        require_floating_features("class_token", x)
        if x.ndim != 3:
            raise LayerError(f"class_token takes (batch, length, features), got {list(x.shape)}")
        return TokenParams(token_init(key, x.shape[-1:], x.dtype))

    return stateless(
        "class_token",
        init,
        lambda params, x: (prepend(params.token, x), ()),
        lambda params, res, tparams, tx: prepend(tparams.token, tx),
        class_token_vjp,
        class_token_factors,
    )


def first_token_vjp(params: tuple, res, dy: Float[Array, "batch features"]):
    """dy at place 0, zeros elsewhere."""
    return (), jnp.zeros(res.shape[1:], dy.dtype).at[:, 0].set(dy)


def first_token() -> Layer:
    """(batch, length, features) -> the first token's (batch, features)."""

    def init(key, x):
        if x.ndim != 3:
            raise LayerError(f"first_token takes (batch, length, features), got {list(x.shape)}")
        return ()

    return stateless(
        "first_token",
        init,
        lambda params, x: (x[:, 0], witness(x)),
        lambda params, res, tparams, tx: tx[:, 0],
        first_token_vjp,
    )
