"""A training loop whose first weight turns into NaN at step 10; ends when standard input ends.

Usage: python poisoned_trainer.py SOCKET
"""

import select
import sys
import time

import torch
from instability_guard import InstabilityGuard

model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Linear(8, 8))
optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
guard = InstabilityGuard.attach(
    model, optimizer, run_id="poisoned", socket=sys.argv[1], generation=7, sample_every=5, include=["*.weight"]
)
step = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    if step == 10:
        model[0].weight.data[0, 0] = float("nan")
    guard.step(step, loss=1.0, gradient_norm=1.0)
    time.sleep(0.01)
    step += 1
guard.close()
print(step, bool(model[0].weight.isnan().any()), bool(model[1].weight.isnan().any()))
