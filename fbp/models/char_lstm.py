"""A recurrent language model."""

from __future__ import annotations

from fbp.compose import serial
from fbp.fused_head import PLAIN, HeadOptions, fused_head, headed
from fbp.layer import Layer
from fbp.layers import dropout, embedding, lstm
from fbp.objective import Objective


def char_lstm_body(
    vocabulary: int,
    features: int,
    hidden: int,
    *,
    layers: int = 1,
    dropout_rate: float = 0.0,
    dtype: str = "float32",
) -> Layer:
    """From ids (batch, length) to the head's input (batch, length, hidden)."""
    parts = {"tokens": embedding(vocabulary, features, dtype=dtype)}
    for i in range(1, layers + 1):
        parts[f"lstm{i}"] = lstm(hidden)
        if dropout_rate:
            parts[f"dropout{i}"] = dropout(dropout_rate)
    return serial(**parts)


def char_lstm(vocabulary: int, features: int, hidden: int, **options) -> Layer:
    """ids (batch, length) -> logits (batch, length, vocabulary): embedding, LSTMs, a head.

    options: as char_lstm_body. Source: Karpathy 2015 (char-rnn), after Graves 2013.
    """
    return headed(char_lstm_body(vocabulary, features, hidden, **options), vocabulary)


def fused_char_lstm(
    vocabulary: int, features: int, hidden: int, *, head: HeadOptions = PLAIN, **options
) -> Objective:
    """softmax_cross_entropy of char_lstm, on its parameters, with head and loss as one rule."""
    return fused_head(char_lstm_body(vocabulary, features, hidden, **options), vocabulary, head)
