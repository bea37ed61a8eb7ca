"""Gated linear units."""

from fbp.layers import geglu, glu, swiglu
from fbp.proof.cases.case import Case, normal

CASES = (
    Case("glu", glu(3), normal(4, 5)),
    Case("swiglu", swiglu(3, use_bias=False), normal(2, 3, 4)),
    Case("geglu", geglu(4), normal(3, 2)),
)
