"""Models: hyperparameters -> Layer."""

from fbp.models.convnet import lenet
from fbp.models.mlp import maxout_net, mlp
from fbp.models.resnet import resnet, resnet20

__all__ = ["lenet", "maxout_net", "mlp", "resnet", "resnet20"]
