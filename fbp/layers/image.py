"""Images, with or without an axis of channels, as convolutions take them."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from fbp.layer import Layer, LayerError, stateless
from fbp.witness import witness


def image_forward(params: tuple, x: Float[Array, "batch height width *channels"]):
    """y: (batch, height, width, channels), one channel where x has no such axis. Residual: x's
    shape."""
    return x.reshape(*x.shape[:3], *(x.shape[3:] or (1,))), witness(x)


def image_jvp(params: tuple, res, tparams: tuple, tx):
    """A reshape is linear: the tangent is reshaped like the value."""
    return tx.reshape(*tx.shape[:3], *(tx.shape[3:] or (1,)))


def image_vjp(params: tuple, res, dy: Float[Array, "batch height width channels"]):
    """And the cotangent back again."""
    return (), dy.reshape(res.shape[1:])


def image() -> Layer:
    """Grey images (batch, height, width) get an axis of one channel; images with one pass.

    Raises LayerError, at init, for anything else.
    """

    def init(key, x):
        if x.ndim not in (3, 4) or not jnp.issubdtype(x.dtype, jnp.floating):
            raise LayerError(
                "image takes floating (batch, height, width) or (batch, height, width, channels), "
                f"got {x.dtype.name}{list(x.shape)}"
            )
        return ()

    return stateless("image", init, image_forward, image_jvp, image_vjp)
