"""The kinds of command that this hook knows: their parameters, and what their layers name.

A parameter that is missing has the default given here; one of another name is ignored; one that is no finite number,
out of range or not whole where it must be is a reason to refuse the command.
"""

from dataclasses import dataclass
from typing import Any, Dict, FrozenSet, Mapping, Optional

from instability_guard import messages, roles

APPLY_MSIGN = "APPLY_MSIGN"
REPROJECT_HC = "REPROJECT_HC"
CLIP_ATTENTION_LOGITS = "CLIP_ATTENTION_LOGITS"
SWITCH_HC = "SWITCH_HC"
ENABLE_KSS = "ENABLE_KSS"
DISABLE_KSS = "DISABLE_KSS"
SCALE_LEARNING_RATE = "SCALE_LEARNING_RATE"
SAMPLE_EVERY = "SAMPLE_EVERY"
SAVE_CHECKPOINT = "SAVE_CHECKPOINT"
REWIND_AND_SKIP = "REWIND_AND_SKIP"
PAUSE = "PAUSE"
ROLL_BACK = "ROLL_BACK"

WEIGHTS = "weights"
PARTS = "parts"
NOTHING = "nothing"
ANYTHING = "anything"

FOREVER = -1
"""`untilStep` of an order that holds until another command ends it."""

_MANY = float(1 << 53)
_MIXING = frozenset({roles.RESIDUAL_MIXING})
_ATTENTION_LOGITS = frozenset({roles.QUERY, roles.KEY})
_NO_STANDING_ORDER = (
    "the hook takes no standing orders: the guard repeats the command by itself, "
    "each time with its own evidence, budget and verdict"
)


@dataclass(frozen=True)
class Parameter:
    """One number of a command: in [lowest, highest], or in (lowest, highest]; `default` None: it must be given."""

    default: Optional[float]
    lowest: float
    highest: float = _MANY
    is_whole: bool = True
    is_above_lowest: bool = False
    advice: str = ""

    def of(self, given: Dict[str, Any], name: str) -> float:
        """The value among `given`, or the default; `ValueError` when it is not acceptable."""
        value = messages.number(given, name, self.default)
        is_low = value <= self.lowest if self.is_above_lowest else value < self.lowest
        if is_low or value > self.highest or (self.is_whole and value != int(value)):
            raise ValueError("%s is %g, not %s" % (name, value, self._range()) + (self.advice and ": " + self.advice))
        return value

    def _range(self) -> str:
        noun = "a whole number" if self.is_whole else "a number"
        return "%s in %s%g, %g]" % (noun, "(" if self.is_above_lowest else "[", self.lowest, self.highest)


@dataclass(frozen=True)
class Kind:
    """`layers`: WEIGHTS (of one of `layer_roles`, when any are given), PARTS of the model, NOTHING or ANYTHING."""

    layers: str
    parameters: Mapping[str, Parameter]
    layer_roles: FrozenSet[str] = frozenset()
    is_paired: bool = False

    def values(self, given: Dict[str, Any]) -> Dict[str, float]:
        """Every parameter of the kind; `ValueError` names the first that is not acceptable."""
        return {name: parameter.of(given, name) for name, parameter in self.parameters.items()}


_UNTIL_STEP = Parameter(FOREVER, FOREVER)

KINDS: Dict[str, Kind] = {
    APPLY_MSIGN: Kind(
        WEIGHTS,
        {
            "steps": Parameter(0, 0, 1000),
            "moments": Parameter(0, 0, 2),
            "repeatEvery": Parameter(0, 0, 0, advice=_NO_STANDING_ORDER),
        },
        frozenset(roles.ROLES) - _MIXING,
    ),
    REPROJECT_HC: Kind(
        WEIGHTS,
        {
            "iterations": Parameter(20, 1, 100_000),
            "epsilon": Parameter(1e-6, 0.0, 1.0, is_whole=False, is_above_lowest=True),
            "moments": Parameter(0, 0, 2),
        },
        _MIXING,
    ),
    CLIP_ATTENTION_LOGITS: Kind(
        WEIGHTS,
        {
            "threshold": Parameter(100.0, 0.0, is_whole=False, is_above_lowest=True),
            "scale": Parameter(1.0, 0.0, 1.0, is_whole=False, is_above_lowest=True),
            "moments": Parameter(0, 0, 2),
        },
        _ATTENTION_LOGITS,
        is_paired=True,
    ),
    SWITCH_HC: Kind(PARTS, {"on": Parameter(1, 0, 1)}),
    ENABLE_KSS: Kind(
        PARTS,
        {
            "strength": Parameter(0.15, 0.0, 1000.0, is_whole=False, is_above_lowest=True),
            "every": Parameter(10, 1),
            "untilStep": _UNTIL_STEP,
        },
    ),
    DISABLE_KSS: Kind(NOTHING, {}),
    SCALE_LEARNING_RATE: Kind(
        NOTHING,
        {
            "factor": Parameter(None, 0.0, 1.0, is_whole=False, is_above_lowest=True),
            "floor": Parameter(0.0, 0.0, 1.0, is_whole=False),
            "regrowthPerStep": Parameter(1.0, 1.0, is_whole=False),
            "recoverAfterSteps": Parameter(0, 0),
        },
    ),
    SAMPLE_EVERY: Kind(NOTHING, {"every": Parameter(1, 1), "untilStep": _UNTIL_STEP}),
    SAVE_CHECKPOINT: Kind(NOTHING, {}),
    REWIND_AND_SKIP: Kind(NOTHING, {"backSteps": Parameter(100, 0), "skipSteps": Parameter(200, 0)}),
    PAUSE: Kind(NOTHING, {}),
    ROLL_BACK: Kind(ANYTHING, {}),
}
