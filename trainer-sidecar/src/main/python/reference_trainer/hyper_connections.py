"""Hyper-connections (Zhu et al. 2024, arXiv 2409.19606): several residual streams, mixed at every layer."""

from __future__ import annotations

from typing import Callable

import torch
from torch import nn

from instability_guard.residual_mixing import ResidualMixing
from reference_trainer.model import CausalAttention, CharacterGpt, Perceptron, make_norm

GATE = 0.01

Layer = Callable[[torch.Tensor], torch.Tensor]


class HyperConnection(nn.Module):
    """Reads a layer's input from n streams, mixes the streams, and writes the layer's output back to them.

    With streams H (n, width) of one token: the layer sees A_m^T H, and afterwards H <- H_res H + B^T output. Starts as
    a plain residual connection: A_m picks stream ``index`` mod n, H_res is the identity, B is all ones.

    Dynamic: each coefficient gains ``gate`` * (H W), linear in the streams themselves (neither tanh nor stream norm);
    W starts at zero and both gates, one for B and one for A_m and H_res, at 0.01.
    """

    def __init__(self, index: int, streams: int, width: int, dynamic: bool) -> None:
        super().__init__()
        self.reads = nn.Parameter(torch.eye(streams)[index % streams].clone())
        self.writes = nn.Parameter(torch.ones(streams))
        self.residual = nn.Parameter(torch.eye(streams))
        self.mixing = ResidualMixing()
        self.mixed = torch.eye(streams)
        if dynamic:
            self.dynamics = nn.Parameter(torch.zeros(width, streams + 2))
            self.gates = nn.Parameter(torch.full((2,), GATE))
        self.dynamic = dynamic

    def forward(self, streams: torch.Tensor, norm: nn.Module, layer: nn.Module, *more: int) -> torch.Tensor:
        """Maps streams (n, tokens, width) to the same; ``layer`` maps (tokens, width), ``more``, to (tokens, width)."""
        apply = self._apply_dynamic if self.dynamic else self._apply_static
        return apply(streams, lambda hidden: layer(norm(hidden), *more))

    def _apply_static(self, streams: torch.Tensor, layer: Layer) -> torch.Tensor:
        residual = self.mixing(self.residual)
        self.mixed = residual.detach().clone()
        flat = streams.flatten(1)
        output = layer((self.reads @ flat).view(streams.shape[1:]))
        return (residual @ flat).view(streams.shape) + self.writes.view(-1, 1, 1) * output

    def _apply_dynamic(self, streams: torch.Tensor, layer: Layer) -> torch.Tensor:
        gate_of_writes, gate_of_others = self.gates.unbind()
        writes, reads, rows = (streams @ self.dynamics).split((1, 1, len(streams)), -1)
        residual = self.mixing(self.residual + gate_of_others * rows.permute(1, 2, 0))  # (tokens, n to, n from)
        self.mixed = residual.detach()
        output = layer(((self.reads.view(-1, 1, 1) + gate_of_others * reads) * streams).sum(0))
        after = (self.writes.view(-1, 1, 1) + gate_of_writes * writes) * output
        for stream, weights in zip(streams, residual.unbind(-1)):  # (tokens, n) of one origin; far faster than a bmm
            after = after + weights.t().unsqueeze(-1) * stream
        return after

    def mean_mixing(self) -> torch.Tensor:
        """H_res of the last forward pass, averaged over its tokens: (n, n)."""
        return self.mixed.mean(0) if self.mixed.ndim == 3 else self.mixed


class HyperBlock(nn.Module):
    """One transformer block whose two halves are hyper-connected: mixings 2 * index and 2 * index + 1."""

    def __init__(self, index: int, streams: int, width: int, heads: int, context: int, norm: str, dynamic: bool):
        super().__init__()
        self.attention_connection = HyperConnection(2 * index, streams, width, dynamic)
        self.attention_norm = make_norm(norm, width)
        self.attention = CausalAttention(width, heads, context)
        self.mlp_connection = HyperConnection(2 * index + 1, streams, width, dynamic)
        self.mlp_norm = make_norm(norm, width)
        self.mlp = Perceptron(width)

    def forward(self, streams: torch.Tensor, batch: int) -> torch.Tensor:
        """Maps (n, batch * time, width) to the same."""
        streams = self.attention_connection(streams, self.attention_norm, self.attention, batch)
        return self.mlp_connection(streams, self.mlp_norm, self.mlp)


class HyperGpt(CharacterGpt):
    """The character model with n residual streams: copies of the embedding at first, summed after the last block."""

    def __init__(self, *shape: int, norm: str, final_norm: str | None, streams: int, dynamic: bool) -> None:
        self._streams = streams
        self.dynamic = dynamic
        super().__init__(*shape, norm, final_norm)

    def make_block(self, index: int, width: int, heads: int, context: int, norm: str) -> nn.Module:
        """A hyper-connected block."""
        return HyperBlock(index, self._streams, width, heads, context, norm, self.dynamic)

    def through_blocks(self, hidden: torch.Tensor, batch: int) -> torch.Tensor:
        """Maps (batch * time, width) to the same, through n streams."""
        streams = hidden.expand(self._streams, -1, -1)
        return super().through_blocks(streams, batch).sum(0)

    def connections(self) -> list[HyperConnection]:
        """Two for each block, in the order in which the streams pass them."""
        return [each for block in self.blocks for each in (block.attention_connection, block.mlp_connection)]

    @torch.no_grad()
    def composite_gain(self) -> tuple[float, float]:
        """Forward and backward gain of all mixings of the last step together (arXiv 2512.24880, section 3.1).

        The largest absolute row sum and the largest absolute column sum of the product of H_res, last layer leftmost,
        each averaged over the tokens of the batch first.
        """
        product = torch.eye(self._streams, dtype=torch.float64)
        for connection in self.connections():
            product = connection.mean_mixing().double() @ product
        return product.sum(1).abs().max().item(), product.sum(0).abs().max().item()
