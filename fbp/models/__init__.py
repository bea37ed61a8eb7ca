"""Models: hyperparameters -> Layer."""

from fbp.models.mlp import maxout_net, mlp

__all__ = ["maxout_net", "mlp"]
