"""The training runs that the project is measured on."""

from __future__ import annotations

from dataclasses import replace

from reference_trainer import recall
from reference_trainer.faults import (
    ExplodingHead,
    Fault,
    GarbageTargets,
    NanLoss,
    NanWeight,
    RankOneDrift,
    RoundedWeights,
)
from reference_trainer.scenario import RECALL, Scenario

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
_STABLE = replace(_SMALL, name="S-stable", summary="S at a sixth of its learning rate: healthy", learning_rate=0.005)
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
_NANO = replace(
    _SMALL,
    name="nano",
    summary="the shape and learning rate of MSign's NanoGPT-5M, which collapses slowly there, on small batches",
    layers=24,
    width=48,
    heads=6,
    context=64,
    norm="pre",
    learning_rate=0.0096,
    warm_up_steps=100,
    steps=600,
)
_RECALL = replace(
    _SMALL,
    name="recall",
    summary="associative recall without norm, the setting of the KSS paper",
    width=64,
    heads=4,
    context=recall.CONTEXT,
    batch=16,
    warm_up_steps=100,
    task=RECALL,
)
_HYPER = replace(
    _SMALL,
    norm="pre",
    learning_rate=0.005,
    streams=4,
)
_DYNAMIC = replace(
    _HYPER,
    name="D12",
    summary="dynamic hyper-connections, linear: the streams' gain runs away within 100 steps in many runs",
    layers=12,
    dynamic_mixing=True,
    warm_up_steps=100,
    steps=200,
)
_STATIC = replace(
    _HYPER,
    name="S24",
    summary="static hyper-connections whose mixing learns twenty times too fast, no final norm: the loss collapses",
    layers=24,
    final_norm="none",
    mixing_learning_rate_factor=20.0,
    warm_up_steps=50,
    steps=150,
)
_SPIKE = replace(
    _STABLE,
    name="bad-data",
    summary="no norm, raised learning rate, nine batches with one and the same target from step 200",
    learning_rate=0.0125,
    fault=GarbageTargets(200, 9),
)
_UNDERFLOW = replace(
    _STABLE,
    name="bf16-underflow",
    summary="pre-norm, low learning rate, from step 200 the weights are kept in bfloat16: the loss stops falling",
    norm="pre",
    learning_rate=0.0001,
    warm_up_steps=50,
    steps=600,
    fault=RoundedWeights(200, 10_000),
)


def _faulty(name: str, fault: Fault, what: str) -> Scenario:
    return replace(_STABLE, name=name, summary=f"S-stable, {what}", fault=fault)


def _recall_at(learning_rate: float, name: str) -> Scenario:
    summary = f"{_RECALL.summary}, learning rate {learning_rate}"
    return replace(_RECALL, name=name, summary=summary, learning_rate=learning_rate)


SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        _SMALL,
        _STABLE,
        replace(_SMALL, name="F", summary="S at a learning rate where some runs diverge", learning_rate=0.019),
        _LARGER,
        _NANO,
        _COLLAPSE,
        replace(_COLLAPSE, name="CS-reference", summary="CS without its fault", attention_learning_rate_factor=1.0),
        _DYNAMIC,
        replace(_DYNAMIC, name="D12-stable", summary="D12 at a fifth of its learning rate", learning_rate=0.001),
        _STATIC,
        replace(_STATIC, name="S24-stable", summary="S24 without its fault", mixing_learning_rate_factor=1.0),
        replace(_STATIC, name="S30", summary="S24 with 30 blocks: 60 mixings", layers=30, steps=100),
        _SPIKE,
        replace(_SPIKE, name="bad-data-stable", summary="bad-data without its fault", fault=Fault()),
        _faulty("rank-one-drift", RankOneDrift(100, 100), "one weight drifts to rank one from step 100 to 200"),
        _faulty("exploding-head", ExplodingHead(100, 300), "one head's query and key grow by a fifth a step from 100 on"),
        _faulty("nan-weight", NanWeight(200, 1), "a weight becomes NaN at step 200"),
        _faulty("nan-loss", NanLoss(200, 1), "the loss of step 200 is reported as NaN, nothing is wrong"),
        _UNDERFLOW,
        replace(_UNDERFLOW, name="bf16-stable", summary="bf16-underflow without its fault", fault=Fault()),
        _recall_at(0.006, "recall-6e-3"),
        _recall_at(0.0075, "recall-7.5e-3"),
        _recall_at(0.01, "recall-1e-2"),
    )
}
