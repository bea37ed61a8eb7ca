"""A GPT as nanoGPT writes it, and where the case has its parameters."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from layout import Place, Places, linear, norm
from protocol import Given
from torch import nn


class Block(nn.Module):
    def __init__(self, features: int, heads: int, gelu: str):
        super().__init__()
        self.heads = heads
        self.ln_1 = nn.LayerNorm(features)
        self.c_attn = nn.Linear(features, 3 * features)
        self.c_proj = nn.Linear(features, features)
        self.ln_2 = nn.LayerNorm(features)
        self.c_fc = nn.Linear(features, 4 * features)
        self.gelu = nn.GELU(approximate=gelu)
        self.mlp_proj = nn.Linear(4 * features, features)

    def attend(self, x):
        batch, length, features = x.shape
        q, k, v = self.c_attn(x).split(features, dim=2)
        split = (batch, length, self.heads, features // self.heads)
        q, k, v = (a.view(split).transpose(1, 2) for a in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).contiguous().view(batch, length, features))

    def forward(self, x):
        x = x + self.attend(self.ln_1(x))
        return x + self.mlp_proj(self.gelu(self.c_fc(self.ln_2(x))))


class Gpt(nn.Module):
    """ids (batch, length) -> logits (batch, length, vocabulary)."""

    def __init__(self, given: Given):
        super().__init__()
        model, classes = given.config.model, given.config.bench.classes
        self.wte = nn.Embedding(classes, model.features)
        self.wpe = nn.Embedding(given.inputs.shape[1], model.features)
        gelu = "tanh" if model.approximate_gelu else "none"
        blocks = (Block(model.features, model.heads, gelu) for _ in range(model.depth))
        self.h = nn.ModuleList(blocks)
        self.ln_f = nn.LayerNorm(model.features)
        self.lm_head = nn.Linear(model.features, classes, bias=False)
        self.tied = model.tied
        if self.tied:
            self.wte.weight = self.lm_head.weight

    def forward(self, ids):
        x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1]))
        for block in self.h:
            x = block(x)
        return self.lm_head(self.ln_f(x))

    def places(self) -> Places:
        trunk = "trunk" if self.tied else "body.trunk"
        table = "table" if self.tied else "body.tokens.table"
        places = {
            "wte.weight": Place(table),
            "wpe.weight": Place(f"{trunk}.positions.table"),
            **norm("ln_f", f"{trunk}.norm"),
        }
        if not self.tied:
            places |= linear("lm_head", "head", bias=False)
        layers = {
            "c_attn": "attention.attention.qkv",
            "c_proj": "attention.attention.output",
            "c_fc": "mlp.mlp.up",
            "mlp_proj": "mlp.mlp.down",
        }
        for i in range(len(self.h)):
            for name, path in layers.items():
                places |= linear(f"h.{i}.{name}", f"{trunk}.blocks.{path}", i)
            places |= norm(f"h.{i}.ln_1", f"{trunk}.blocks.attention.norm", i)
            places |= norm(f"h.{i}.ln_2", f"{trunk}.blocks.mlp.norm", i)
        return places
