"""The largest logit and the mean entropy of every attention head, from what its query and key projections put out.

Of one sequence, the first one of the last training forward pass, at most 256 positions, whatever the batch is. Assumed:
causal softmax attention with logits q k / sqrt(width of a head), heads side by side in the projections, keys shared by
equal groups of heads where there are fewer. Left out, with the reason: blocks with rotary or other relative positions,
with normalised queries and keys, or with more than one attention.
"""

import math
import re
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import torch
from torch import nn

from instability_guard import roles
from instability_guard.blocks import Block
from instability_guard.matrices import TrackedMatrix, clean_path
from instability_guard.omissions import Omissions
from instability_guard.sequences import SequencesSeen, first_sequence
from instability_guard.taps import Taps

MOST_POSITIONS = 256
_LONGEST_NAME = 256

_HEADS = ("n_head", "num_heads", "num_attention_heads", "n_heads", "num_head", "nhead", "heads", "_heads")
_POSITIONS = re.compile(r"rotary|rope(?![a-z])|freqs_cis|inv_freq|alibi|relative_(attention|position)", re.IGNORECASE)
_NORMALISED = re.compile(r"(^|\.|_)(q|k|qk|query|key)_?(norm|ln|layernorm|layer_norm)", re.IGNORECASE)


class Projection(NamedTuple):
    """Where queries or keys come from: outputs `start` to `start + rows` of `module`."""

    module: nn.Module
    start: int
    rows: int


class AttentionSite(NamedTuple):
    """The attention of one block: projections of queries and keys, and the number of heads."""

    block: Block
    query: Projection
    key: Projection
    heads: int


class AttentionSites(NamedTuple):
    """The sites to measure, heads of each block where known, and why the others are left out."""

    measured: List[AttentionSite]
    heads: Dict[str, int]
    left_out: List[Tuple[str, str]]


def find_attention(
    model: nn.Module, blocks: Sequence[Block], matrices: Sequence[TrackedMatrix], heads: Optional[int] = None
) -> AttentionSites:
    """One site a block; `heads` replaces the search for their number in the modules' attributes and configuration."""
    modules = {clean_path(path): module for path, module in model.named_modules()}
    relative = _mention_of(_POSITIONS, model)
    sites = AttentionSites([], {}, [])
    for block in blocks:
        queries, keys = (_inside(block, matrices, role) for role in (roles.QUERY, roles.KEY))
        if not queries:
            continue
        number = heads or _heads(queries[0], block, modules)
        if number and len(block.path) <= _LONGEST_NAME:
            sites.heads[block.path] = number
        normalised = _mention_of(_NORMALISED, block.module)
        if relative or normalised:
            sites.left_out.append((block.path, "%s changes queries and keys" % (relative or normalised)))
        elif len(queries) != 1 or len(keys) != 1:
            sites.left_out.append((block.path, "it has no single pair of query and key"))
        elif not number or not _fit(queries[0], keys[0], number):
            sites.left_out.append((block.path, "the number of its heads is unknown or does not fit"))
        else:
            projections = [_projection(matrix, modules) for matrix in (queries[0], keys[0])]
            sites.measured.append(AttentionSite(block, projections[0], projections[1], number))
    return sites


class AttentionCapture:
    """Keeps the statistics of the last training forward pass: a (2, heads) tensor a block, on its own device."""

    def __init__(self, sites: AttentionSites, seen: SequencesSeen, taps: Taps) -> None:
        self._sites = sites
        self._seen = seen
        self._outputs: Dict[Tuple[str, str], torch.Tensor] = {}
        self._results: Dict[str, torch.Tensor] = {}
        self._obstacles: Dict[str, str] = {}
        for site in sites.measured:
            self._tap(taps, site)

    def _tap(self, taps: Taps, site: AttentionSite) -> None:
        def on_query(arguments: Tuple[Any, ...], keywords: Mapping[str, Any], output: Any) -> None:
            self._take(site, roles.QUERY, output)

        def on_key(arguments: Tuple[Any, ...], keywords: Mapping[str, Any], output: Any) -> None:
            self._take(site, roles.KEY, output)

        taps.add(site.query.module, after=on_query)
        taps.add(site.key.module, after=on_key)

    def clear(self) -> None:
        """Forgets what was captured."""
        for kept in (self._outputs, self._results, self._obstacles):
            kept.clear()

    def statistics(self, omissions: Omissions) -> List[Dict[str, Any]]:
        """attentionLogit and attentionEntropy (nats) of each block, one value a head; waits for the device."""
        found: List[Dict[str, Any]] = []
        for path, reason in self._sites.left_out:
            omissions.add("attention", path, reason)
        for site in self._sites.measured:
            block = site.block
            if block.path not in self._results:
                reason = self._obstacles.get(block.path, "no forward pass in training mode was seen (compiled?)")
                omissions.add("attention", block.path, reason)
                continue
            logits, entropies = self._results[block.path].tolist()
            for metric, values in (("attentionLogit", logits), ("attentionEntropy", entropies)):
                found.append({"metric": metric, "layer": block.path, "depth": block.depth, "values": values})
        return found

    def _take(self, site: AttentionSite, role: str, output: Any) -> None:
        projection, other = (site.query, roles.KEY) if role == roles.QUERY else (site.key, roles.QUERY)
        path = site.block.path
        try:
            part = _part(output, projection, self._seen)
        except ValueError as error:
            self._obstacles[path] = str(error)
            return
        counterpart = self._outputs.pop((path, other), None)
        if counterpart is None:
            self._outputs[path, role] = part.clone()
        elif len(counterpart) == len(part):
            query, key = (part, counterpart) if role == roles.QUERY else (counterpart, part)
            self._results[path] = head_statistics(query, key, site.heads)


def head_statistics(query: torch.Tensor, key: torch.Tensor, heads: int) -> torch.Tensor:
    """(2, heads): largest absolute logit, and entropy of the weights averaged over positions, of causal attention.

    `query` is (time, heads * size), `key` (time, groups * size), where groups divides heads.
    """
    time, size = len(query), query.shape[1] // heads
    of_heads = query.float().view(time, heads, size).transpose(0, 1)
    of_groups = key.float().view(time, -1, size).transpose(0, 1)
    keys = of_groups.repeat_interleave(heads // len(of_groups), 0)
    logits = of_heads @ keys.transpose(1, 2) / math.sqrt(size)
    future = torch.ones(time, time, dtype=torch.bool, device=logits.device).triu(1)
    weights = logits.masked_fill(future, -math.inf).softmax(-1)
    entropies = torch.special.entr(weights).sum(-1).mean(-1)
    return torch.stack([logits.masked_fill(future, 0.0).abs().amax((1, 2)), entropies])


def _part(output: Any, projection: Projection, seen: SequencesSeen) -> torch.Tensor:
    """Queries or keys of the sequence; `ValueError` when the output is none of a linear layer."""
    if not isinstance(output, torch.Tensor) or output.shape[-1] < projection.start + projection.rows:
        raise ValueError("it computes queries and keys without linear layers of their own")
    sequence = first_sequence(output.detach(), seen.latest, MOST_POSITIONS).reshape(-1, output.shape[-1])
    return sequence[:, projection.start : projection.start + projection.rows]


def _inside(block: Block, matrices: Sequence[TrackedMatrix], role: str) -> List[TrackedMatrix]:
    of_role = [matrix for matrix in matrices if matrix.role == role and matrix.right is None]
    return [matrix for matrix in of_role if matrix.name.startswith(block.path + ".")]


def _projection(matrix: TrackedMatrix, modules: Mapping[str, nn.Module]) -> Projection:
    return Projection(modules[_owner(matrix)], matrix.start, matrix.rows)


def _owner(matrix: TrackedMatrix) -> str:
    """Path of the module that puts out what the matrix is for: the one that holds it, or the adapter around that."""
    path = matrix.name.partition("[")[0].rpartition(".")[0]
    return path[: -len(".base_layer")] if path.endswith(".base_layer") else path


def _fit(query: TrackedMatrix, key: TrackedMatrix, heads: int) -> bool:
    """Whether heads are equally wide and share keys in equal groups."""
    size = query.rows // heads
    return query.rows == heads * size and size > 0 and key.rows % size == 0 and query.rows % key.rows == 0


def _heads(query: TrackedMatrix, block: Block, modules: Mapping[str, nn.Module]) -> Optional[int]:
    """From the nearest module around the query that says so, itself or in its configuration."""
    for path in _around(_owner(query)):
        module = modules[path]
        for holder in (module, getattr(module, "config", None), getattr(module, "args", None)):
            for name in _HEADS:
                number = getattr(holder, name, None)
                if type(number) is int and number > 0:
                    return number
    return None


def _around(path: str) -> Iterator[str]:
    """a.b -> a.b, a, and the model itself."""
    while path:
        yield path
        path = path.rpartition(".")[0]
    yield ""


def _mention_of(pattern: "re.Pattern[str]", model: nn.Module) -> str:
    """The first module, class or buffer named like that; empty when there is none."""
    for path, module in model.named_modules():
        for name in (path, type(module).__name__):
            if pattern.search(name):
                return name
    return next((name for name, _ in model.named_buffers() if pattern.search(name)), "")
