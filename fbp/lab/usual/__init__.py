"""Networks as good JAX code has them, without fbp: what its backward pass is timed against.

Each is loss(params, state, batch, *, remat) -> (loss, state) on the parameters of fbp's own model,
so that both compute the same thing at the same point; remat puts jax.checkpoint around blocks.
"""

from fbp.lab.usual.head import head_loss
from fbp.lab.usual.nets import usual_loss

__all__ = ["head_loss", "usual_loss"]
