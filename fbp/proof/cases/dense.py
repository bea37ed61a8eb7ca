"""Affine maps, alone and under a maximum, on one to three batch dimensions."""

from fbp.layers import dense, dropout, flatten, maxout
from fbp.proof.cases.case import Case, distinct, normal

CASES = (
    Case("dense", dense(3), normal(5, 4), holomorphic=True),
    Case("dense/no_bias", dense(4, use_bias=False), normal(3, 2, 5), holomorphic=True),
    Case("dense/vector", dense(3), normal(4), holomorphic=True),
    Case("dense/long", dense(2), normal(4096, 3)),  # sums that bfloat16 cannot hold
    Case("maxout", maxout(3, 2), normal(5, 4), low_precision=("float32",)),
    Case("maxout/pieces3", maxout(2, 3), distinct(2, 3, 4), low_precision=("float32",)),
    Case("flatten", flatten(), normal(3, 2, 4)),
    Case("dropout", dropout(0.4), normal(6, 5)),
    Case("dropout/evaluation", dropout(0.4), normal(6, 5), train=False),
)
