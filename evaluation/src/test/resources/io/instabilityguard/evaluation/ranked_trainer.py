"""One rank of a scenario of the reference trainer, trained by several processes over gloo, each beside its own sidecar.

Every rank draws its own batches; gradients are averaged. It trains until standard input ends and says then, as JSON, how many
steps it made and a checksum of its weights: the ranks hold the same weights or something was applied on one of them alone.

Usage: python ranked_trainer.py RANK WORLD_SIZE MEETING_FILE SOCKET RUN SCENARIO
"""

import json
import os
import select
import sys
import zlib

import torch
import torch.distributed as distributed
from reference_trainer.guarded import Guarded
from reference_trainer.scenarios import SCENARIOS
from reference_trainer.train import Trainer, make_batches

SEED = 0
MOST_STEPS = 5_000
STEP_MILLIS = 25.0


class Averaged(Guarded):
    """The hook, and gradients that are the mean over all ranks; ends the training of all ranks at the same step."""

    def __init__(self, trainer: Trainer, **settings: object) -> None:
        super().__init__(trainer, **settings)
        self._model = trainer.model
        self.is_over = False

    def before_update(self, step: int, gradient_norm: float) -> None:
        ended = torch.tensor(float(bool(select.select([sys.stdin], [], [], 0)[0])))
        distributed.all_reduce(ended)
        self.is_over = bool(ended)
        for parameter in self._model.parameters():
            distributed.all_reduce(parameter.grad)
            parameter.grad /= distributed.get_world_size()


def main() -> None:
    """Meets the others, trains, reports."""
    rank, size, meeting, socket, run, scenario = sys.argv[1:]
    torch.set_num_threads(1)
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    distributed.init_process_group("gloo", init_method="file://" + meeting, rank=int(rank), world_size=int(size))
    trainer = Trainer(SCENARIOS[scenario], SEED)
    trainer._batches = iter(make_batches(trainer.scenario, SEED + 1 + int(rank), None))
    method = Averaged(trainer, run_id=run, socket=socket, generation=1, agree_every=5, min_step_ms=STEP_MILLIS)
    steps = 0
    for record in trainer.run(method, MOST_STEPS):
        steps = record.step + 1
        if method.is_over:
            break
    method.close()
    weights = zlib.crc32(b"".join(each.detach().numpy().tobytes() for each in trainer.model.parameters()))
    print(json.dumps({"steps": steps, "weights": weights}), flush=True)
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
