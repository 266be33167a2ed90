"""Associative recall: eight key-value pairs, then eight of the keys; the model names their values."""

from __future__ import annotations

from typing import Iterator

import torch

KEYS = 16
VALUES = 16
PAIRS = 8
QUERIES = 8
SYMBOLS = KEYS + VALUES
CONTEXT = 2 * PAIRS + QUERIES
UNSCORED = -100
"""The target of a position that is not a query: what ``cross_entropy`` ignores."""


class RecallBatches:
    """Fresh sequences, drawn by a generator of their own: the same seed gives the same batches.

    A sequence is k1 v1 ... k8 v8 q1 ... q8 with eight different keys, a value for each at random, and the keys again
    in another order. The target at a query is its value; everywhere else it is ``UNSCORED``.
    """

    def __init__(self, batch: int, seed: int) -> None:
        self._batch = batch
        self._generator = torch.Generator().manual_seed(seed)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Endless pairs (inputs, targets), both int64 of shape (batch, 24)."""
        while True:
            keys = self._shuffles(KEYS)[:, :PAIRS]
            values = torch.randint(KEYS, SYMBOLS, (self._batch, PAIRS), generator=self._generator)
            order = self._shuffles(PAIRS)[:, :QUERIES]
            pairs = torch.stack((keys, values), -1).flatten(1)
            answers = values.gather(1, order)
            inputs = torch.cat((pairs, keys.gather(1, order)), 1)
            yield inputs, torch.cat((torch.full_like(pairs, UNSCORED), answers), 1)

    def _shuffles(self, count: int) -> torch.Tensor:
        return torch.rand(self._batch, count, generator=self._generator).argsort(1)


@torch.no_grad()
def recall_accuracy(model: torch.nn.Module, seed: int, sequences: int = 512) -> float:
    """The fraction of queries, of fresh sequences, that the model answers with the right value; chance is 1 / 16."""
    inputs, targets = next(iter(RecallBatches(sequences, seed)))
    answers = model(inputs)[:, -QUERIES:].argmax(-1)
    return (answers == targets[:, -QUERIES:]).float().mean().item()
