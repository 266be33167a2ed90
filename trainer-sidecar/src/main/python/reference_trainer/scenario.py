"""The training runs that the project is measured on."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Scenario:
    """A model, a learning rate and a length. Warm-up is linear, then the learning rate stays constant."""

    name: str
    summary: str
    layers: int
    width: int
    heads: int
    context: int
    batch: int
    norm: str
    learning_rate: float
    warm_up_steps: int
    steps: int
    attention_learning_rate_factor: float = 1.0

    def warm_up(self, step: int) -> float:
        """The fraction of the learning rate in force at ``step``, counted from 0."""
        return min(1.0, (step + 1) / self.warm_up_steps)


_SMALL = Scenario(
    name="S",
    summary="no norm, learning rate far too high: every run diverges within about 170 steps",
    layers=4,
    width=32,
    heads=2,
    context=32,
    batch=8,
    norm="none",
    learning_rate=0.03,
    warm_up_steps=150,
    steps=400,
)
_COLLAPSE = replace(
    _SMALL,
    name="CS",
    summary="pre-norm, attention learns ten times too fast: attention logits collapse softly",
    norm="pre",
    learning_rate=0.005,
    steps=500,
    attention_learning_rate_factor=10.0,
)
_LARGER = replace(
    _SMALL,
    name="A",
    summary="no norm, larger and slower than S: every run diverges after step 250 or so",
    width=64,
    heads=4,
    context=64,
    learning_rate=0.015,
    warm_up_steps=300,
    steps=600,
)

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        _SMALL,
        replace(_SMALL, name="S-stable", summary="S at a sixth of its learning rate: healthy", learning_rate=0.005),
        _LARGER,
        _COLLAPSE,
        replace(_COLLAPSE, name="CS-reference", summary="CS without its fault", attention_learning_rate_factor=1.0),
    )
}
