"""Residual nets. Source: He et al. 2015, Deep residual learning for image recognition."""

from __future__ import annotations

import jax

from fbp.backend import LOOP_OVER_CONVOLUTIONS
from fbp.compose import parallel, repeat, residual, serial
from fbp.errors import FbpError
from fbp.layer import Layer
from fbp.layers import batch_norm, conv, dense, global_avg_pool, image, max_pool, relu
from fbp.layers.initializers import Initializer

BASIC = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}  # blocks a stage, table 1
BOTTLENECK = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
EXPANSION = 4  # a bottleneck's output is so many times as wide as its middle

# He et al. 2015b, eq. 14: keeps the variance of cotangents
weight_init: Initializer = jax.nn.initializers.variance_scaling(2.0, "fan_out", "normal")


def resnet(depth: int, outputs: int, *, width: int = 64) -> Layer:
    """ResNet-18, 34, 50, 101 or 152 for images of about 224x224; width: of the first stage.

    As torchvision's: a bottleneck strides in its 3x3 convolution ("version 1.5"), convolutions
    have no bias, batch norm has momentum 0.9 (torch: 0.1). Blocks alike in a stage are one scan.
    Raises FbpError for another depth.
    """
    if depth not in BASIC | BOTTLENECK:
        depths = ", ".join(map(str, BASIC | BOTTLENECK))
        raise FbpError(f"there is no ResNet-{depth}: choose one of {depths}")
    basic = depth in BASIC
    block, expansion = (basic_block, 1) if basic else (bottleneck, EXPANSION)
    layers = {
        "image": image(),
        "stem": normalised(width, 7, stride=2),
        "relu": relu(),
        "pool": max_pool((3, 3), stride=2, padding=((1, 1), (1, 1))),
    }
    channels = width
    for i, blocks in enumerate((BASIC | BOTTLENECK)[depth]):
        features = width * 2**i
        fits = channels == expansion * features
        first = block(features, stride=1 if i == 0 else 2, shortcut=not fits)
        layers[f"stage{i + 1}"] = serial(first=first, rest=_repeated(block(features), blocks - 1))
        channels = expansion * features
    return serial(**layers, mean=global_avg_pool(), output=dense(outputs))


def resnet20(outputs: int, *, width: int = 16) -> Layer:
    """ResNet-20 for images of about 32x32: three stages of three basic blocks.

    Source: section 4.2, but with projections where the shape changes (its option B).
    """
    layers = {"image": image(), "stem": normalised(width, 3), "relu": relu()}
    for i in range(3):
        first = basic_block(width * 2**i, stride=1 if i == 0 else 2, shortcut=i > 0)
        rest = _repeated(basic_block(width * 2**i), 2)
        layers[f"stage{i + 1}"] = serial(first=first, rest=rest)
    return serial(**layers, mean=global_avg_pool(), output=dense(outputs))


def basic_block(features: int, *, stride: int = 1, shortcut: bool = False) -> Layer:
    """relu(x + f(x)), f two 3x3 convolutions; figure 5, left."""
    f = serial(
        conv1=normalised(features, 3, stride=stride),
        relu1=relu(),
        conv2=normalised(features, 3),
    )
    return _joined(f, features, stride, shortcut)


def bottleneck(features: int, *, stride: int = 1, shortcut: bool = False) -> Layer:
    """relu(x + f(x)), f 1x1 down, 3x3, and 1x1 up to EXPANSION features; figure 5, right."""
    f = serial(
        conv1=normalised(features, 1),
        relu1=relu(),
        conv2=normalised(features, 3, stride=stride),
        relu2=relu(),
        conv3=normalised(EXPANSION * features, 1),
    )
    return _joined(f, EXPANSION * features, stride, shortcut)


def normalised(features: int, kernel: int, *, stride: int = 1) -> Layer:
    """A convolution that keeps the places it does not skip, and batch norm."""
    side = (kernel // 2, kernel // 2)
    return serial(
        conv=conv(
            features,
            (kernel, kernel),
            stride=stride,
            padding=(side, side),
            use_bias=False,
            weight_init=weight_init,
        ),
        norm=batch_norm(),
    )


def _repeated(block: Layer, n: int) -> Layer:
    return repeat(block, n, loop=LOOP_OVER_CONVOLUTIONS)


def _joined(f: Layer, features: int, stride: int, shortcut: bool) -> Layer:
    """relu(x + f(x)), x through a 1x1 projection where f changes its shape."""
    if not shortcut:
        return serial(block=residual(f), relu=relu())
    projection = normalised(features, 1, stride=stride)
    return serial(block=parallel(f=f, shortcut=projection), relu=relu())
