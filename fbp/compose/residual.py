"""y = x + f(x)."""

from __future__ import annotations

from fbp.compose.parts import init_and_shape, same_shape
from fbp.layer import Layer, Part, dual, pull, push


def residual(layer: Layer) -> Layer:
    """y = x + f(x), so dx = dy + f'(x)^T dy: gradients add where a value is used twice.

    Parameters, state and residuals are f's. Source: He et al. 2015, eq. 1.
    Raises LayerError, at init, if f changes the shape or the dtype.
    """

    def init(key, x):
        params, state, y = init_and_shape(layer, key, x)
        same_shape(f"residual needs {layer.name} to keep its input's shape", x, y)
        return params, state

    def forward(params, state, x, ctx):
        y, state, res = layer.forward(params, state, x, ctx)
        return x + y, state, res

    def jvp(params, res, tparams, tx):
        return tx + push(layer, params, res, tparams, tx)

    def vjp(params, res, dy):
        dparams, dx = pull(layer, params, res, dy)
        return dparams, dy + dx

    def dual_(params, state, x, ctx, tparams, tx):
        y, state, ty = dual(layer, params, state, x, ctx, tparams, tx)
        return x + y, state, tx + ty

    return Layer(
        "residual", init, forward, jvp, vjp, dual_, (Part("f", layer),), lambda f: residual(*f)
    )
