"""One rank among those that train a run: whom it met at `attach`, and which of the layers it has a slot for."""

import json
import time
from dataclasses import replace
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from instability_guard.layers import Layer, described, layers_of
from instability_guard.matrices import TrackedMatrix
from instability_guard.options import Options
from instability_guard.ranks import Ranks, RanksLost
from instability_guard.sharding import is_sharded

_EXCHANGE_SECONDS = 60.0
_ALIKE = ("agree_every", "sample_every")


class Membership(NamedTuple):
    """`ranks` is None in a process that trains alone, and in one that did not meet the others, for `reason`."""

    options: Options
    ranks: Optional[Ranks]
    reason: str
    layers: Dict[str, Layer]
    staged: List[TrackedMatrix]
    """The matrices with a slot here: those held whole, and the sharded ones that this rank owns."""
    unstaged: List[TrackedMatrix]
    """The sharded ones that this rank holds a part of and another owns."""
    left_out: List[Tuple[str, str]]
    """Layers that are neither measured nor repaired, and why."""

    @property
    def sharded(self) -> List[Tuple[Layer, TrackedMatrix]]:
        """The sharded layers that this rank holds a part of, in an order that is the same on all ranks."""
        held = {matrix.name: matrix for matrix in self.staged + self.unstaged}
        mine = [layer for name, layer in sorted(self.layers.items()) if name in held and layer.is_sharded]
        rank = self.ranks.rank if self.ranks is not None else 0
        return [(layer, held[layer.name]) for layer in mine if rank in layer.parts]

    def leave(self) -> None:
        """Leaves the other ranks."""
        if self.ranks is not None:
            self.ranks.leave()

    def disown(self) -> None:
        """In a forked child: the group is the parent's."""
        if self.ranks is not None:
            self.ranks.abandon()


def meet(options: Options, tracked: Sequence[TrackedMatrix]) -> Membership:
    """Meets the other ranks, if there are any. `ValueError` when they were attached with other options."""
    if options.world_size == 1:
        return _apart(options, tracked, "")
    try:
        _check_size(options)
        ranks = Ranks.join(options.run_id, options.process_group)
        said = {"generation": options.generation, "layers": described(tracked)}
        said.update({name: getattr(options, name) for name in _ALIKE})
        heard = [json.loads(text) for text in ranks.texts(json.dumps(said), time.monotonic() + _EXCHANGE_SECONDS)]
    except RanksLost as error:
        return _apart(options, tracked, "several ranks cannot agree on a command: %s" % error)
    _check_alike(heard)
    together = options._replace(generation=max(each["generation"] for each in heard))
    return _together(together, ranks, tracked, layers_of([each["layers"] for each in heard]))


def _apart(options: Options, tracked: Sequence[TrackedMatrix], reason: str) -> Membership:
    whole = [matrix for matrix in tracked if not is_sharded(matrix.parameter)]
    sharded = [matrix.name for matrix in tracked if is_sharded(matrix.parameter)]
    left_out = [(name, "it is sharded, and the ranks did not meet") for name in sharded]
    return Membership(options, None, reason, {}, _numbered(whole), [], left_out)


def _together(options: Options, ranks: Ranks, tracked: Sequence[TrackedMatrix], layers: Dict[str, Layer]) -> Membership:
    usable = [matrix for matrix in tracked if not (is_sharded(matrix.parameter) and layers[matrix.name].refusal)]
    elsewhere = {m.name for m in usable if is_sharded(m.parameter) and layers[m.name].owner != ranks.rank}
    staged = [matrix for matrix in usable if matrix.name not in elsewhere]
    unstaged = [replace(matrix, index=-1) for matrix in usable if matrix.name in elsewhere]
    left_out = [(m.name, layers[m.name].refusal) for m in tracked if layers[m.name].refusal]
    return Membership(options, ranks, "", layers, _numbered(staged), unstaged, left_out)


def _numbered(matrices: Sequence[TrackedMatrix]) -> List[TrackedMatrix]:
    return [replace(matrix, index=index) for index, matrix in enumerate(matrices)]


def _check_size(options: Options) -> None:
    import torch.distributed as distributed

    if not (distributed.is_available() and distributed.is_initialized()):
        raise RanksLost("torch.distributed was not initialised before the guard was attached")
    found = distributed.get_rank(options.process_group), distributed.get_world_size(options.process_group)
    if found != (options.process_rank, options.world_size):
        raise RanksLost("the guard was attached as rank %s of %s" % (options.process_rank, options.world_size))


def _check_alike(heard: Sequence[Dict[str, Any]]) -> None:
    for name in _ALIKE:
        given = sorted({each[name] for each in heard})
        if len(given) > 1:
            raise ValueError("%s must be the same on all ranks: %s" % (name, ", ".join(map(str, given))))
