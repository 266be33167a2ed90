"""Forks, copies, exits and signals around the hook."""

import copy
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import unittest

import instability_guard
import torch

from hook_case import SCALE, HookCase


class ProcessTest(HookCase):
    def test_should_be_inert_in_a_forked_child(self) -> None:
        guard = self.attach()
        self.sidecar.command("c1", SCALE, at=0, factor=0.5)
        guard.step(0)
        self.sidecar.await_message("STEP")
        child = os.fork()
        if child == 0:
            guard.step(1)
            unscaled = guard.learning_rate_scale == 1.0 and "step" not in vars(self.optimizer)
            guard.close()
            os._exit(0 if unscaled and guard.statistics["stepsSent"] == 1 else 1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertTrue(os.path.exists(self.sidecar.hello["staging"]["path"]))
        guard.step(2)
        self.assertEqual(self.sidecar.await_message("STEP", 2)["step"], 2)
        self.assertEqual(guard.learning_rate_scale, 0.5)
        self.assertEqual(len(self.sidecar.of("BYE")), 0)

    def test_should_not_keep_the_connection_open_in_a_child_that_outlives_it(self) -> None:
        guard = self.attach()
        child = os.fork()
        if child == 0:
            signal.pause()
        try:
            guard.close()
            self.sidecar.await_message("BYE")
            self.assertEqual(self.sidecar.await_end(), True)
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)

    def test_should_not_disturb_copies_of_the_model(self) -> None:
        self.model.guard = self.attach()
        for copied in (copy.deepcopy(self.model), pickle.loads(pickle.dumps(self.model))):
            copied.guard.step(0)
            copied.guard.close()
            self.assertEqual(copied.guard.statistics["stepsSent"], 0)
            self.assertEqual(copied.guard.learning_rate_scale, 1.0)
        self.assertEqual(sorted(self.model.state_dict()), sorted(copied.state_dict()))
        self.assertTrue(torch.equal(copied.blocks[0].fc1.weight, self.model.blocks[0].fc1.weight))

    def test_should_clean_up_when_the_program_ends_without_close(self) -> None:
        self.run_program("g = attach(); g.step(0)")
        self.assertEqual(self.sidecar.await_message("BYE"), {"type": "BYE", "step": 0})
        self.assertEqual(os.listdir(self.sidecar.folder), ["guard.sock"])

    def test_should_survive_a_broken_pipe_whatever_the_signal_does(self) -> None:
        self.sidecar.on["STEP"] = lambda sidecar, message: sidecar.stop()
        self.run_program(
            """
            import signal
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            g = attach(sample_every=1)
            while g.statistics["sessionsLost"] == 0:
                g.step(0)
            """
        )

    def test_should_not_turn_warnings_into_exceptions(self) -> None:
        self.sidecar.stop()
        strict = "import warnings; warnings.simplefilter('error'); "  # torch's own warnings on import are not ours
        output = self.run_program(strict + "g = attach(); g.step(0); g.close()")
        self.assertEqual(output.count("training goes on without the guard"), 1)

    def run_program(self, body: str) -> str:
        """Runs a training program of its own; its standard error."""
        program = textwrap.dedent(
            """
            import sys
            from torch import nn
            from instability_guard import InstabilityGuard
            model = nn.Linear(3, 3)
            def attach(**options):
                return InstabilityGuard.attach(model, [], run_id="child", socket=sys.argv[1], **options)
            """
        ) + textwrap.dedent(body)
        package = os.path.dirname(os.path.dirname(instability_guard.__file__))
        environment = dict(os.environ, PYTHONPATH=package)
        command = [sys.executable, "-c", program, self.sidecar.path]
        done = subprocess.run(command, env=environment, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stderr.decode()


if __name__ == "__main__":
    unittest.main()
