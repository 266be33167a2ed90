"""Small models with the module trees and calling conventions of well-known ones, for the tests of what is measured."""

import math
from typing import Any, Optional, Tuple

import torch
from torch import nn
from torch.nn import functional

WIDTH = 8
HEADS = 2


class Conv1D(nn.Module):
    """GPT-2's linear layer: its weight is inputs x outputs."""

    def __init__(self, nf: int, nx: int) -> None:
        super().__init__()
        self.nf = nf
        self.weight = nn.Parameter(torch.randn(nx, nf) * 0.3)
        self.bias = nn.Parameter(torch.zeros(nf))

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return hidden @ self.weight + self.bias


def linear(inputs: int, outputs: int) -> nn.Module:
    return nn.Linear(inputs, outputs)


def conv1d(inputs: int, outputs: int) -> nn.Module:
    return Conv1D(outputs, inputs)


class FusedAttention(nn.Module):
    """nanoGPT's and GPT-2's: one projection for query, key and value."""

    def __init__(self, make: Any = linear) -> None:
        super().__init__()
        self.n_head = HEADS
        self.c_attn = make(WIDTH, 3 * WIDTH)
        self.c_proj = make(WIDTH, WIDTH)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        batch, time, width = hidden.shape
        heads = [part.view(batch, time, HEADS, -1).transpose(1, 2) for part in self.c_attn(hidden).split(width, 2)]
        mixed = functional.scaled_dot_product_attention(heads[0], heads[1], heads[2], is_causal=True)
        return self.c_proj(mixed.transpose(1, 2).reshape(batch, time, width))


class FusedBlock(nn.Module):
    """A pre-norm block; GPT-2's (`as_tuple`) returns a tuple."""

    def __init__(self, make: Any = linear, as_tuple: bool = False, dropout: float = 0.0) -> None:
        super().__init__()
        self.as_tuple = as_tuple
        self.ln_1 = nn.LayerNorm(WIDTH)
        self.attn = FusedAttention(make)
        self.ln_2 = nn.LayerNorm(WIDTH)
        self.mlp = nn.ModuleDict({"c_fc": make(WIDTH, 4 * WIDTH), "c_proj": make(4 * WIDTH, WIDTH)})
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: torch.Tensor, past: Optional[Any] = None) -> Any:
        hidden = hidden + self.dropout(self.attn(self.ln_1(hidden)))
        hidden = hidden + self.mlp["c_proj"](functional.gelu(self.mlp["c_fc"](self.ln_2(hidden))))
        return (hidden, past) if self.as_tuple else hidden


class Gpt(nn.Module):
    """`transformer.h`, as in nanoGPT and, with `make=conv1d, as_tuple=True`, in GPT-2."""

    def __init__(self, layers: int = 3, **settings: Any) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.transformer = nn.ModuleDict(
            {
                "wte": nn.Embedding(11, WIDTH),
                "wpe": nn.Embedding(16, WIDTH),
                "h": nn.ModuleList([FusedBlock(**settings) for _ in range(layers)]),
                "ln_f": nn.LayerNorm(WIDTH),
            }
        )
        self.lm_head = nn.Linear(WIDTH, 11, bias=False)
        self.lm_head.weight = self.transformer["wte"].weight

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        hidden = self.transformer["wte"](inputs) + self.transformer["wpe"].weight[: inputs.shape[1]]
        for block in self.transformer["h"]:
            output = block(hidden)
            hidden = output[0] if isinstance(output, tuple) else output
        return self.lm_head(self.transformer["ln_f"](hidden))


class LlamaAttention(nn.Module):
    """Two query heads that share one key head."""

    def __init__(self) -> None:
        super().__init__()
        self.num_heads = HEADS
        self.q_proj = nn.Linear(WIDTH, WIDTH, bias=False)
        self.k_proj = nn.Linear(WIDTH, WIDTH // 2, bias=False)
        self.v_proj = nn.Linear(WIDTH, WIDTH // 2, bias=False)
        self.o_proj = nn.Linear(WIDTH, WIDTH, bias=False)


class LlamaBlock(nn.Module):
    """Called with keywords; experts inside are no blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.self_attn = LlamaAttention()
        experts = [nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Sequential(nn.Linear(WIDTH, WIDTH))) for _ in range(6)]
        self.mlp = nn.ModuleDict({"up_proj": nn.Linear(WIDTH, 2 * WIDTH), "down_proj": nn.Linear(2 * WIDTH, WIDTH)})
        self.experts = nn.ModuleList(experts)

    def forward(self, hidden_states: torch.Tensor, position_embeddings: Any = None) -> Tuple[torch.Tensor]:
        attention = self.self_attn
        query, key = attention.q_proj(hidden_states), attention.k_proj(hidden_states)
        value = attention.v_proj(hidden_states)
        weights = (query @ torch.cat([key, key], 2).transpose(1, 2) / math.sqrt(WIDTH)).softmax(-1)
        hidden_states = hidden_states + attention.o_proj(weights @ torch.cat([value, value], 2))
        return (hidden_states + self.mlp["down_proj"](functional.silu(self.mlp["up_proj"](hidden_states))),)


class RotaryEmbedding(nn.Module):
    """Stands for one; holds nothing."""


class Llama(nn.Module):
    """`model.layers` called with `hidden_states=`."""

    def __init__(self, rotary: bool = True) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.model = nn.Module()
        self.model.embed_tokens = nn.Embedding(11, WIDTH)
        self.model.layers = nn.ModuleList([LlamaBlock() for _ in range(2)])
        if rotary:
            self.model.rotary_emb = RotaryEmbedding()

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        hidden = self.model.embed_tokens(input_ids)
        for layer in self.model.layers:
            (hidden,) = layer(hidden_states=hidden, position_embeddings=(hidden[:1], hidden[:1]))
        return hidden


def symbols(batch: int = 3, time: int = 6) -> torch.Tensor:
    """A batch of inputs, always the same."""
    return torch.randint(11, (batch, time), generator=torch.Generator().manual_seed(1))
