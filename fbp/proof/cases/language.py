"""Sequence models at toy sizes, and the layers that only they use."""

from fbp.layers import class_token, first_token, patches
from fbp.models.char_lstm import char_lstm
from fbp.models.transformer import gpt, transformer_block, vit
from fbp.proof.cases.case import Case, integers, normal

ids = integers(2, 4, high=5)
CASES = (
    Case("patches", patches(2), normal(2, 4, 6, 3)),
    Case("class_token", class_token(), normal(3, 2, 4)),
    Case("first_token", first_token(), normal(3, 2, 4)),
    Case("transformer_block", transformer_block(4, 2, causal=True), normal(2, 3, 4)),
    Case("char_lstm", char_lstm(5, 3, 4, layers=2), ids),
    Case("gpt/tied", gpt(5, 4, 2, 2, 4), ids),
    Case("gpt/rotary", gpt(5, 4, 2, 2, 4, tied=False, rotary=True, dropout_rate=0.2), ids),
    Case("gpt/reversible", gpt(5, 4, 2, 2, 4, save="reversible", dropout_rate=0.2), ids),
    Case("vit", vit(3, 4, 2, 2, 2, 4, drop_path_rate=0.3), normal(2, 4, 4, 1)),
)
