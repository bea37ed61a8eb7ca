"""Convolutions with every setting, on sizes that leave rows over; and blocks made of them."""

from fbp.layers import conv, conv_transpose, image
from fbp.models import lenet
from fbp.models.resnet import basic_block, bottleneck
from fbp.proof.cases.case import Case, normal

CASES = (
    Case("conv", conv(3, (3, 2)), normal(2, 4, 5, 2)),
    Case("conv/valid", conv(2, (2, 3), padding="VALID", use_bias=False), normal(2, 4, 5, 3)),
    Case("conv/stride", conv(2, (3, 2), stride=(2, 3)), normal(2, 6, 5, 2)),
    Case("conv/dilation", conv(2, (2, 2), dilation=(2, 3)), normal(2, 5, 5, 2)),
    Case("conv/padding", conv(2, (3, 3), padding=((0, 2), (3, 1))), normal(2, 3, 4, 2)),
    Case("conv/groups", conv(4, (2, 2), groups=2, stride=2), normal(2, 4, 3, 4)),
    Case("conv/depthwise", conv(6, (2, 2), groups=3, use_bias=False), normal(2, 3, 4, 3)),
    Case("conv/sequence", conv(3, (3,), stride=2, dilation=2), normal(2, 8, 3)),
    Case("conv_transpose", conv_transpose(2, (3, 2), stride=(2, 3)), normal(2, 3, 3, 2)),
    Case(
        "conv_transpose/valid",
        conv_transpose(3, (2,), stride=3, padding="VALID", use_bias=False),
        normal(2, 4, 2),
    ),
    Case("image", image(), normal(2, 3, 4)),
    Case("image/colour", image(), normal(2, 3, 4, 3)),
    Case(
        "lenet",
        lenet(3, features=(2, 3), kernel=3, hidden=4),
        normal(2, 10, 10),
        low_precision=("float32",),
    ),
    Case(
        "basic_block",
        basic_block(3, stride=2, shortcut=True),
        normal(3, 4, 4, 2),
        low_precision=("float32",),
    ),
    Case("bottleneck", bottleneck(1), normal(3, 3, 3, 4), low_precision=("float32",)),
)
