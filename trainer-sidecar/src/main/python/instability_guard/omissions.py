"""What was not measured at a sample, and why."""

from typing import Dict, List

MOST_LINES = 64
_LONGEST_LINE = 300
_NAMED = 3


class Omissions:
    """Reasons, each said once with the layers it holds for."""

    def __init__(self) -> None:
        self._layers: Dict[str, List[str]] = {}

    def add(self, what: str, layer: str, reason: str) -> None:
        """`what` of `layer` (empty: of the model) was not measured."""
        self._layers.setdefault("%s: %s" % (what, reason), []).append(layer)

    def lines(self) -> List[str]:
        """One line per reason, at most 64."""
        return [_line(reason, layers)[:_LONGEST_LINE] for reason, layers in list(self._layers.items())[:MOST_LINES]]


def _line(reason: str, layers: List[str]) -> str:
    named = ", ".join(layer for layer in layers[:_NAMED] if layer)
    others = len(layers) - _NAMED
    return reason + (" [%s%s]" % (named, " and %d more" % others if others > 0 else "") if named else "")
