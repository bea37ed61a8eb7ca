"""Transformers: blocks of attention and an MLP around a stream of residuals."""

from __future__ import annotations

from functools import partial

import jax

from fbp.compose import repeat, residual, reversible, serial, tied_embedding, two_streams
from fbp.compose.repeat import Save
from fbp.fused_head import PLAIN, HeadOptions, fused_head, fused_tied_head, headed
from fbp.layer import Layer
from fbp.layers import (
    attention,
    class_token,
    dense,
    drop_path,
    dropout,
    embedding,
    first_token,
    gelu,
    layer_norm,
    patches,
    positions,
)
from fbp.layers.initializers import Initializer
from fbp.objective import Objective

weight_init: Initializer = jax.nn.initializers.normal(0.02)  # Radford et al. 2019


def mlp_block(
    features: int,
    hidden: int,
    *,
    dropout_rate: float = 0.0,
    use_bias: bool = True,
    approximate_gelu: bool = True,
    output_init: Initializer = weight_init,
) -> Layer:
    """Up to `hidden`, GELU, down to `features`. Source: Vaswani et al. 2017, section 3.3."""
    layers = {
        "up": dense(hidden, use_bias=use_bias, weight_init=weight_init),
        "gelu": gelu(approximate=approximate_gelu),
        "down": dense(features, use_bias=use_bias, weight_init=output_init),
    }
    if dropout_rate:
        layers["dropout"] = dropout(dropout_rate)
    return serial(**layers)


def transformer_branches(
    features: int,
    heads: int,
    *,
    causal: bool = False,
    kv_heads: int | None = None,
    window: int | None = None,
    rotary_base: float | None = None,
    hidden: int | None = None,
    dropout_rate: float = 0.0,
    drop_path_rate: float = 0.0,
    use_bias: bool = True,
    approximate_gelu: bool = True,
    depth: int = 1,
) -> tuple[Layer, Layer]:
    """attention(norm(x)) and mlp(norm(x)), which a block adds to its stream.

    hidden: width of the MLP (None: 4 features). approximate_gelu: by tanh, as GPT-2; else by erf,
    as nanoGPT. depth: how many blocks share the stream; the projections that write to it start
    smaller by sqrt(2 depth).
    Source: Radford et al. 2019, section 2.3.
    """
    output_init = jax.nn.initializers.normal(0.02 / (2 * depth) ** 0.5)
    attend = {
        "norm": layer_norm(),
        "attention": attention(
            heads,
            kv_heads=kv_heads,
            causal=causal,
            window=window,
            rotary_base=rotary_base,
            use_bias=use_bias,
            weight_init=weight_init,
            output_init=output_init,
        ),
    }
    think = {
        "norm": layer_norm(),
        "mlp": mlp_block(
            features,
            hidden or 4 * features,
            dropout_rate=dropout_rate,
            use_bias=use_bias,
            approximate_gelu=approximate_gelu,
            output_init=output_init,
        ),
    }
    if dropout_rate:
        attend["dropout"] = dropout(dropout_rate)
    if drop_path_rate:
        attend["drop_path"] = think["drop_path"] = drop_path(drop_path_rate)
    return serial(**attend), serial(**think)


def transformer_block(features: int, heads: int, **options) -> Layer:
    """x + attention(norm(x)), then x + mlp(norm(x)): the pre-norm block.

    options: as transformer_branches. Source: Radford et al. 2019, section 2.3.
    """
    return block_of(*transformer_branches(features, heads, **options))


def block_of(attend: Layer, think: Layer) -> Layer:
    """The branches added to the stream, one after the other."""
    return serial(attention=residual(attend), mlp=residual(think))


def gpt_body(
    length: int,
    depth: int,
    heads: int,
    features: int,
    *,
    rotary: bool = False,
    dropout_rate: float = 0.0,
    save: Save = "all",
    every: int | None = None,
    **block_options,
) -> Layer:
    """From embedded tokens (batch, <= length, features) to the head's input: blocks, then a norm.

    rotary: places turn queries and keys instead of adding a learned vector. save, every: as
    repeat. "reversible" is another function of parameters of the same sizes: two streams x1, x2
    that start as x, y1 = x1 + attention(norm(x2)), y2 = x2 + mlp(norm(y1)), and their mean.
    """
    attend, think = transformer_branches(
        features,
        heads,
        causal=True,
        rotary_base=10000.0 if rotary else None,
        dropout_rate=dropout_rate,
        depth=depth,
        **block_options,
    )
    layers = {} if rotary else {"positions": positions(length, table_init=weight_init)}
    if dropout_rate:
        layers["dropout"] = dropout(dropout_rate)
    if save == "reversible":
        blocks = two_streams(repeat(reversible(attend, think), depth, save))
    else:
        blocks = repeat(block_of(attend, think), depth, save, every)
    return serial(**layers, blocks=blocks, norm=layer_norm())


def gpt(
    vocabulary: int,
    length: int,
    depth: int,
    heads: int,
    features: int,
    *,
    tied: bool = True,
    dtype: str = "float32",
    **options,
) -> Layer:
    """A causal language model: ids (batch, <= length) -> logits (batch, <= length, vocabulary).

    gpt(50257, 1024, 12, 12, 768) has GPT-2's 124,439,808 parameters; nanoGPT's CPU setting is
    gpt(65, 64, 4, 4, 128). tied: the head is the embedding's table. dtype: of the parameters.
    options: as gpt_body.
    Source: Radford et al. 2019.
    """
    body = gpt_body(length, depth, heads, features, **options)
    if tied:
        return tied_embedding(vocabulary, features, body, table_init=weight_init, dtype=dtype)
    return headed(_embedded(vocabulary, features, body, dtype), vocabulary, weight_init)


def fused_gpt(
    vocabulary: int,
    length: int,
    depth: int,
    heads: int,
    features: int,
    *,
    tied: bool = True,
    head: HeadOptions = PLAIN,
    dtype: str = "float32",
    **options,
) -> Objective:
    """softmax_cross_entropy of gpt, on its parameters, with head and loss as one rule."""
    body = gpt_body(length, depth, heads, features, **options)
    if tied:
        return fused_tied_head(
            body, vocabulary, features, head, table_init=weight_init, dtype=dtype
        )
    embedded = _embedded(vocabulary, features, body, dtype)
    return fused_head(embedded, vocabulary, head, weight_init=weight_init)


def _embedded(vocabulary: int, features: int, body: Layer, dtype: str) -> Layer:
    tokens = embedding(vocabulary, features, table_init=weight_init, dtype=dtype)
    return serial(tokens=tokens, trunk=body)


gpt2_124m = partial(gpt, 50257, 1024, 12, 12, 768)
nano_gpt_cpu = partial(gpt, 65, 64, 4, 4, 128)


def vit(
    classes: int,
    image: int,
    patch: int,
    depth: int,
    heads: int,
    features: int,
    *,
    dropout_rate: float = 0.0,
    drop_path_rate: float = 0.0,
) -> Layer:
    """A vision transformer: images (batch, image, image, channels) -> logits (batch, classes).

    Patches of patch x patch pixels become tokens behind a learned one, whose output is classified.
    Source: Dosovitskiy et al. 2021.
    """
    block = transformer_block(
        features, heads, dropout_rate=dropout_rate, drop_path_rate=drop_path_rate, depth=depth
    )
    return serial(
        patches=patches(patch),
        embed=dense(features, weight_init=weight_init),
        class_token=class_token(),
        positions=positions((image // patch) ** 2 + 1, table_init=weight_init),
        blocks=repeat(block, depth),
        norm=layer_norm(),
        first=first_token(),
        head=dense(classes, weight_init=weight_init),
    )
