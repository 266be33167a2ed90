"""Which rank holds what of each layer of a run of several ranks, and which one has it measured and repaired.

Every layer has one owner, the same for as long as the ranks stay attached, and known to all of them: its sidecar is
asked for the new matrix, and keeps the old one in case that is to be rolled back. Owners are dealt out in turns, query
and key of one attention together, because there are commands for such pairs only.
"""

import json
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

from instability_guard import roles
from instability_guard.matrices import TrackedMatrix
from instability_guard.sharding import Part, is_sharded, is_tiled, local_part, refusal


class Layer(NamedTuple):
    """One matrix of the run: what each rank holds of it, and whose parts make up the whole, each entry once."""

    name: str
    rows: int
    columns: int
    owner: int
    parts: Dict[int, Part]
    cover: List[Tuple[int, Part]]
    is_sharded: bool
    refusal: str


def described(matrices: Sequence[TrackedMatrix]) -> str:
    """What one rank holds, for the others."""
    return json.dumps([_described(matrix) for matrix in matrices], separators=(",", ":"))


def _described(matrix: TrackedMatrix) -> List[Any]:
    """Name, pair, rows, columns, data type, whether it is sharded, refusal, part."""
    is_logits = matrix.role in (roles.QUERY, roles.KEY)
    pair = "block %d" % matrix.depth if is_logits and matrix.depth >= 0 else matrix.name
    sharded, reason = is_sharded(matrix.parameter), refusal(matrix.parameter)
    part = [0, 0, 0, 0] if reason else list(local_part(matrix)[0])
    return [matrix.name, pair, matrix.rows, matrix.columns, matrix.dtype, sharded, reason, part]


def layers_of(descriptions: Sequence[str]) -> Dict[str, Layer]:
    """All layers of the run by name, from what each rank says of itself, in the order of the ranks."""
    by_name: Dict[str, List[Tuple[int, List[Any]]]] = {}
    for rank, text in enumerate(descriptions):
        for entry in json.loads(text):
            by_name.setdefault(entry[0], []).append((rank, entry))
    owners: Dict[str, int] = {}
    layers = {}
    for name, entries in by_name.items():
        pair = entries[0][1][1]
        turn = owners.setdefault(pair, len(owners))
        layers[name] = _layer(name, entries, turn)
    return layers


def _layer(name: str, entries: Sequence[Tuple[int, List[Any]]], turn: int) -> Layer:
    rows, columns, _, sharded, reason = alike = entries[0][1][2:7]
    held = [(rank, Part(*entry[7])) for rank, entry in entries]
    parts = {rank: part for rank, part in held if part.area}
    holders = sorted(parts) or [rank for rank, _ in held]
    owner = holders[turn % len(holders)]
    cover = _cover(parts, owner)
    if any(entry[2:7] != alike for _, entry in entries):
        reason = "the ranks disagree on its shape or data type"
    elif not reason and not is_tiled([part for _, part in cover], rows, columns):
        reason = "the parts that the ranks hold do not make up the whole matrix"
    return Layer(name, rows, columns, owner, parts, cover, sharded, reason)


def _cover(parts: Dict[int, Part], owner: int) -> List[Tuple[int, Part]]:
    """Each part once: from the owner where it has it, else from the lowest rank."""
    sources: Dict[Part, int] = {}
    for rank in sorted(parts, key=lambda rank: (rank != owner, rank)):
        sources.setdefault(parts[rank], rank)
    return sorted((rank, part) for part, rank in sources.items())
