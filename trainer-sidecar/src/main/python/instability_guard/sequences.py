"""How batch and time lie in the tensors of a forward pass, told from what the model as a whole was called with."""

from typing import Any, Mapping, NamedTuple, Optional, Tuple

import torch


class Sequences(NamedTuple):
    """A batch of `batch` sequences of `time` positions each."""

    batch: int
    time: int


class SequencesSeen:
    """Observes the model's own calls; `latest` is None until one had a tensor argument (batch, time, …)."""

    def __init__(self) -> None:
        self.latest: Optional[Sequences] = None

    def __call__(self, arguments: Tuple[Any, ...], keywords: Mapping[str, Any]) -> None:
        """Takes the shape of the first tensor of at least two dimensions."""
        for value in (*arguments, *keywords.values()):
            if isinstance(value, torch.Tensor) and value.dim() >= 2:
                self.latest = Sequences(value.shape[0], value.shape[1])
                return


def batch_dimension(hidden: torch.Tensor, seen: Optional[Sequences]) -> int:
    """0 for (batch, time, width), 1 for (time, batch, width), -1 for (batch * time, width), batch by batch.

    The first unless the shape fits the second only. `ValueError` when it cannot be told.
    """
    if hidden.dim() == 3:
        is_time_first = seen is not None and hidden.shape[:2] == (seen.time, seen.batch) != (seen.batch, seen.time)
        return int(is_time_first)
    if hidden.dim() == 2 and seen is not None and len(hidden) == seen.batch * seen.time:
        return -1
    raise ValueError("no single sequence can be told from %s" % (tuple(hidden.shape),))


def first_sequence(hidden: torch.Tensor, seen: Optional[Sequences], most: int) -> torch.Tensor:
    """At most so many positions of the first sequence, in as many dimensions as before; `ValueError` as above."""
    dimension = batch_dimension(hidden, seen)
    if dimension < 0 and seen is not None:
        return hidden[: min(seen.time, most)]
    time = 1 - dimension
    return hidden.narrow(dimension, 0, 1).narrow(time, 0, min(hidden.shape[time], most))
