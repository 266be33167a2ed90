"""Command line: ``python -m reference_trainer --scenario S --seed 3 --method none``."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from pathlib import Path
from typing import Sequence

import torch

from reference_trainer.data import TextError
from reference_trainer.outcome import is_absurd, judge
from reference_trainer.rivals import METHODS, Method, make_method
from reference_trainer.scenarios import SCENARIOS
from reference_trainer.train import StepRecord, Trainer, timed


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one training run and prints its steps and its result as JSON lines."""
    options = parse(arguments)
    torch.set_num_threads(1)
    try:
        for seed in options.seeds or [options.seed]:
            train(options_of(options, seed))
    except TextError as error:
        print(f"reference_trainer: {error}", file=sys.stderr)
        return 2
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options of one run."""
    parser = argparse.ArgumentParser(prog="reference_trainer", description="Train a small model that may diverge.")
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), required=True)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--seed", type=int, default=0)
    which.add_argument("--seeds", type=seed_range, metavar="A-B", help="one run after another; saves starting Python")
    parser.add_argument("--method", choices=(*METHODS, "guard"), default="none")
    parser.add_argument("--steps", type=positive, help="instead of the scenario's own length")
    parser.add_argument("--text", type=Path, help="train on this file instead of the machine's own texts")
    parser.add_argument("--every", type=positive, default=1, help="print only every so many steps")
    parser.add_argument("--until-lost", action="store_true", help="end at the first loss that settles the label")
    parser.add_argument("--socket", help="guard: the sidecar's socket")
    parser.add_argument("--run-id", help="guard: the run's name, new for every run; with --seeds, -SEED is appended")
    parser.add_argument("--lockstep", type=int, help="guard: wait for the guard's word of so many steps ago")
    parser.add_argument("--min-step-ms", type=float, help="guard: the least time a step takes")
    return parser.parse_args(arguments)


def seed_range(text: str) -> range:
    """The seeds of ``A-B``, both ends included."""
    first, dash, last = text.partition("-")
    if not (dash and first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
        raise argparse.ArgumentTypeError(f"must be A-B, like 0-9, not {text!r}")
    return range(int(first), int(last) + 1)


def options_of(options: argparse.Namespace, seed: int) -> argparse.Namespace:
    """The options of one of several runs: its own seed and a name of its own."""
    own = {**vars(options), "seed": seed}
    if options.seeds and options.run_id:
        own["run_id"] = f"{options.run_id}-{seed}"
    return argparse.Namespace(**own)


def positive(text: str) -> int:
    """A whole number above zero."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not above zero")
    return number


def train(options: argparse.Namespace) -> None:
    """Trains and prints; the printing is not part of the time that is reported."""
    scenario = SCENARIOS[options.scenario]
    trainer = Trainer(scenario, options.seed, options.text)
    method = choose_method(options, trainer)
    records: list[StepRecord] = []
    seconds: list[float] = []
    try:
        for record in timed(trainer.run(method, options.steps or scenario.steps), seconds):
            records.append(record)
            if record.step % options.every == 0:
                print_step(record, trainer.composite_gain())
            if options.until_lost and scenario.fault.ends_run and is_absurd(record.loss):
                break
    finally:
        method.close()
    print_result(options, records, seconds, trainer.accuracy())


def choose_method(options: argparse.Namespace, trainer: Trainer) -> Method:
    """The rival, or the guard's hook, that the options ask for."""
    if options.method != "guard":
        return make_method(options.method, trainer)
    from reference_trainer.guarded import Guarded

    settings = {
        "run_id": options.run_id or unique_run_id(options),
        "socket": options.socket,
        "lockstep": options.lockstep,
        "min_step_ms": options.min_step_ms,
    }
    given = {name: value for name, value in settings.items() if value is not None}
    return Guarded(trainer, **given)


def unique_run_id(options: argparse.Namespace) -> str:
    """A name that no other run has."""
    return f"{options.scenario}-{options.seed}-{int(time.time())}-{os.getpid()}".lower()


def print_step(record: StepRecord, composite_gain: tuple[float, float] | None) -> None:
    """One JSON line; a number that is not finite becomes null. Only hyper-connected models have a composite gain."""
    values = {
        "step": record.step,
        "loss": finite(record.loss),
        "gradientNorm": finite(record.gradient_norm),
        "learningRate": record.learning_rate,
        "maxAttentionLogit": finite(record.max_attention_logit),
    }
    if composite_gain is not None:
        values["compositeGain"] = dict(zip(("forward", "backward"), map(finite, composite_gain)))
    print(json.dumps(values), flush=True)


def print_result(
    options: argparse.Namespace, records: list[StepRecord], seconds: list[float], accuracy: float | None
) -> None:
    """The last JSON line. ``secondsPerStep`` is the median, so that one hiccup does not count."""
    losses, norms = [record.loss for record in records], [record.gradient_norm for record in records]
    outcome = judge(losses, norms, forgives_transients=not SCENARIOS[options.scenario].fault.ends_run)
    result = {
        "scenario": options.scenario,
        "seed": options.seed,
        "method": options.method,
        "diverged": outcome.diverged,
        "divergedAtStep": outcome.diverged_at_step,
        "collapsed": outcome.collapsed,
        "collapsedAtStep": outcome.collapsed_at_step,
        "finalLoss": outcome.final_loss,
        "spikeScore": outcome.spike_score,
        "gradientLabel": outcome.gradient_label_step is not None,
        "gradientLabelStep": outcome.gradient_label_step,
        "accuracy": accuracy,
        "steps": len(records),
        "secondsPerStep": sorted(seconds)[len(seconds) // 2] if seconds else None,
    }
    print(json.dumps({"result": result}), flush=True)


def finite(value: float) -> float | None:
    """The value, or None where JSON has no word for it."""
    return value if math.isfinite(value) else None


if __name__ == "__main__":
    sys.exit(main())
