"""A recurrent language model."""

from __future__ import annotations

from fbp.compose import serial
from fbp.fused_head import headed
from fbp.layer import Layer
from fbp.layers import dropout, embedding, lstm


def char_lstm(
    vocabulary: int, features: int, hidden: int, *, layers: int = 1, dropout_rate: float = 0.0
) -> Layer:
    """ids (batch, length) -> logits (batch, length, vocabulary): embedding, LSTMs, a head.

    Source: Karpathy 2015 (char-rnn), after Graves 2013.
    """
    parts = {"tokens": embedding(vocabulary, features)}
    for i in range(1, layers + 1):
        parts[f"lstm{i}"] = lstm(hidden)
        if dropout_rate:
            parts[f"dropout{i}"] = dropout(dropout_rate)
    return headed(serial(**parts), vocabulary)
