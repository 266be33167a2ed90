"""A character-level GPT, small enough that a collapse takes a second and plain enough to show one."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

INIT_STD = 0.02


class CausalAttention(nn.Module):
    """Multi-head causal self-attention with separate projections, none with a bias.

    The attention is computed explicitly so that every head's largest logit is at hand.
    """

    def __init__(self, width: int, heads: int, context: int) -> None:
        super().__init__()
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.output = nn.Linear(width, width, bias=False)
        self.heads = heads
        self._scale = 1.0 / math.sqrt(width // heads)
        self.register_buffer("_mask", torch.full((context, context), -math.inf).triu(1), persistent=False)
        self.max_logits = torch.zeros(heads)

    def forward(self, hidden: torch.Tensor, batch: int) -> torch.Tensor:
        """Maps (batch * time, width) to (batch * time, width); leaves ``max_logits`` (heads) behind."""
        time = hidden.shape[0] // batch
        query, key, value = (self._split(layer(hidden), batch) for layer in (self.query, self.key, self.value))
        logits = (query * self._scale) @ key.transpose(-2, -1)
        self.max_logits = logits.detach().tril().abs().amax((0, 2, 3))
        weights = (logits + self._mask[:time, :time]).softmax(-1)
        return self.output((weights @ value).transpose(1, 2).reshape(hidden.shape))

    def _split(self, projected: torch.Tensor, batch: int) -> torch.Tensor:
        return projected.view(batch, -1, self.heads, projected.shape[1] // self.heads).transpose(1, 2)


class Perceptron(nn.Module):
    """The feed-forward half of a block: up four-fold, GELU, down."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.up = nn.Linear(width, 4 * width, bias=False)
        self.down = nn.Linear(4 * width, width, bias=False)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Maps (batch * time, width) to (batch * time, width)."""
        return self.down(functional.gelu(self.up(hidden)))


class Block(nn.Module):
    """One transformer block: attention and perceptron, each added to the residual stream."""

    def __init__(self, width: int, heads: int, context: int, norm: str) -> None:
        super().__init__()
        self.attention_norm = make_norm(norm, width)
        self.attention = CausalAttention(width, heads, context)
        self.mlp_norm = make_norm(norm, width)
        self.mlp = Perceptron(width)

    def forward(self, hidden: torch.Tensor, batch: int) -> torch.Tensor:
        """Maps (batch * time, width) to (batch * time, width)."""
        hidden = hidden + self.attention(self.attention_norm(hidden), batch)
        return hidden + self.mlp(self.mlp_norm(hidden))


class CharacterGpt(nn.Module):
    """Embeddings, blocks, an optional final norm and an untied output projection.

    ``norm`` is "none" (nothing is normalised anywhere: diverges readily) or "pre" (layer norm before each half of a
    block); ``final_norm`` stands before the output projection and is the same where nothing else is said. Weights start
    with standard deviation 0.02; the two projections that write into the residual stream are divided by
    sqrt(2 * layers), as in GPT-2 (Radford et al. 2019).
    """

    def __init__(
        self,
        symbols: int,
        layers: int,
        width: int,
        heads: int,
        context: int,
        norm: str,
        final_norm: str | None = None,
    ) -> None:
        super().__init__()
        self.symbol_embedding = nn.Embedding(symbols, width)
        self.position_embedding = nn.Embedding(context, width)
        self.blocks = nn.ModuleList(self.make_block(index, width, heads, context, norm) for index in range(layers))
        self.final_norm = make_norm(final_norm or norm, width)
        self.unembedding = nn.Linear(width, symbols, bias=False)
        self.register_buffer("_positions", torch.arange(context), persistent=False)
        self._initialise(layers)

    def make_block(self, index: int, width: int, heads: int, context: int, norm: str) -> nn.Module:
        """The block number ``index``: maps (batch * time, ...) and the batch size to the same shape."""
        return Block(width, heads, context, norm)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Maps symbol numbers (batch, time) to next-symbol logits (batch, time, symbols).

        Inside, batch and time are one dimension: a toy's step is mostly the cost of calls, and matrices need fewer.
        """
        batch, time = inputs.shape
        hidden = self.symbol_embedding(inputs) + self.position_embedding(self._positions[:time])
        hidden = self.through_blocks(hidden.flatten(0, 1), batch)
        return self.unembedding(self.final_norm(hidden)).unflatten(0, (batch, time))

    def through_blocks(self, hidden: torch.Tensor, batch: int) -> torch.Tensor:
        """Maps (batch * time, width) to the same."""
        for block in self.blocks:
            hidden = block(hidden, batch)
        return hidden

    @property
    def max_attention_logit(self) -> torch.Tensor:
        """Largest absolute attention logit of the last forward pass, all blocks and heads: a 0-d tensor.

        Before the softmax, after the scale 1/sqrt(width of a head), over entries that are not masked.
        """
        return torch.stack([attention.max_logits for attention in self.attentions()]).amax()

    def attentions(self) -> list[CausalAttention]:
        """The attention of every block."""
        return [block.attention for block in self.blocks]

    def attention_weights(self) -> list[nn.Parameter]:
        """Query, key, value and output weights of every block, each (width, width)."""
        return [
            layer.weight
            for attention in self.attentions()
            for layer in (attention.query, attention.key, attention.value, attention.output)
        ]

    def block_weights(self) -> list[nn.Parameter]:
        """The six matrices of every block: attention and perceptron."""
        perceptrons = [layer.weight for block in self.blocks for layer in (block.mlp.up, block.mlp.down)]
        return self.attention_weights() + perceptrons

    def _initialise(self, layers: int) -> None:
        for name, parameter in self.named_parameters():
            if parameter.ndim < 2 or not name.endswith(".weight"):
                continue
            writes_residual = name.endswith(("attention.output.weight", "mlp.down.weight"))
            nn.init.normal_(parameter, std=INIT_STD / math.sqrt(2 * layers) if writes_residual else INIT_STD)


def make_norm(norm: str, width: int) -> nn.Module:
    """The layer that stands where a norm may stand."""
    if norm == "pre":
        return nn.LayerNorm(width)
    if norm == "none":
        return nn.Identity()
    raise ValueError(f"unknown norm {norm!r}: use 'none' or 'pre'")
