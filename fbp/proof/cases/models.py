"""Whole models at small sizes."""

from fbp.layers import sigmoid, softmax, tanh
from fbp.models import maxout_net, mlp
from fbp.proof.cases.case import Case, normal

images = normal(4, 3, 3)
CASES = (
    Case("mlp", mlp([6, 5], 3, activation=tanh, dropout_rate=0.2), images),
    Case("mlp/probabilities", mlp([5], 3, activation=sigmoid, output=softmax), images),
    Case("maxout_net", maxout_net([4], 3), images, low_precision=("float32",)),
)
