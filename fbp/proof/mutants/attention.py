"""Mistakes in attention: what the backward forgets of masks, caps, rotations and row sums."""

import jax
import jax.numpy as jnp

from fbp.layers import attention
from fbp.layers.attend import Masks
from fbp.layers.attention import Masked
from fbp.layers.dense import dense_forward
from fbp.proof.mutants.mutant import Mutant, before_jvp, before_vjp, pulled_by, with_vjp


def attend(**changes):
    """change(params, res, ...) with other values in what attend left."""

    def change(params, res, *rest):
        changed = {name: f(res.attend) for name, f in changes.items()}
        return params, res._replace(attend=res.attend._replace(**changed)), *rest

    return change


def cap_after_the_mask(params, res, dy):
    """Two causal heads whose masked scores of -inf go through a soft cap of 2: exp(-2) leaks."""
    keep, segments = res.attend.masks

    def forward(params, x):
        batch, length, features = x.shape
        qkv, _ = dense_forward(params.qkv, x)
        q, k, v = qkv.reshape(batch, length, 3, 2, features // 2).transpose(2, 0, 3, 1, 4)
        visible = jnp.tri(length, dtype=bool) & keep[:, None]
        visible = visible & (segments[:, :, None] == segments[:, None])
        s = q @ k.swapaxes(-1, -2) * q.shape[-1] ** -0.5
        s = 2.0 * jnp.tanh(jnp.where(visible[:, None], s, -jnp.inf) / 2.0)
        mixed = (jax.nn.softmax(s) @ v).swapaxes(1, 2).reshape(x.shape)
        return dense_forward(params.output, mixed)[0]

    dparams, dx = jax.vjp(forward, params, res.x)[1](dy)
    return dparams, Masked(dx)


no_output = attend(out=lambda a: jnp.zeros_like(a.out))
MUTANTS = (
    Mutant("causal mask forgotten", "attention/causal", pulled_by(attention(2, block=3))),
    Mutant("window forgotten", "attention/window", pulled_by(attention(2, causal=True, block=2))),
    Mutant("soft cap forgotten", "attention/soft_cap", pulled_by(attention(2, block=2))),
    Mutant(
        "turned by other angles",
        "attention/rotary",
        pulled_by(attention(2, causal=True, rotary_base=50.0)),
    ),
    Mutant("softmax taken as a constant scale", "attention", before_vjp(no_output)),
    Mutant("a constant scale in the jvp", "attention", before_jvp(no_output), "jvp"),
    Mutant(
        "probabilities that do not sum to 1",
        "attention/blocks",
        before_vjp(attend(lse=lambda a: a.lse + 0.1)),
    ),
    Mutant(
        "last block of keys dropped",
        "attention/blocks",
        before_vjp(attend(masks=lambda a: Masks(keep=jnp.arange(5)[None] < jnp.full((2, 1), 4)))),
    ),
    Mutant(
        "masked keys leak",
        "attention/keep",
        before_vjp(attend(masks=lambda a: a.masks._replace(keep=None))),
    ),
    Mutant(
        "rows that see nothing attend to everything",
        "attention/keep",
        before_vjp(attend(masks=lambda a: a.masks._replace(keep=a.masks.keep.at[-1].set(True)))),
    ),
    Mutant("soft cap after the mask", "attention/segments", with_vjp(cap_after_the_mask)),
    Mutant(
        "segments forgotten",
        "attention/segments",
        before_vjp(attend(masks=lambda a: a.masks._replace(segments=None))),
    ),
)
