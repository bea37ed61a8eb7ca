"""Mistakes in attention: what the backward forgets of masks, caps, rotations and row sums."""

import jax.numpy as jnp

from fbp.layers import attention
from fbp.layers.attend import Masks
from fbp.proof.mutants.mutant import Mutant, before_jvp, before_vjp, pulled_by


def attend(**changes):
    """change(params, res, ...) with other values in what attend left."""

    def change(params, res, *rest):
        changed = {name: f(res.attend) for name, f in changes.items()}
        return params, res._replace(attend=res.attend._replace(**changed)), *rest

    return change


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
    Mutant(
        "segments forgotten",
        "attention/segments",
        before_vjp(attend(masks=lambda a: a.masks._replace(segments=None))),
    ),
)
