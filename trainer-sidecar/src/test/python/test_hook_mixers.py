"""Mixing matrices of hyper-connections: found, linked to their parameter, staged as the forward pass used them."""

import unittest
from typing import Any

import torch
from instability_guard.residual_mixing import ResidualMixing, sinkhorn
from reference_trainer.hyper_connections import HyperConnection
from torch import nn

from signal_case import SignalCase


class Static(nn.Module):
    """Holds its matrix."""

    def __init__(self, size: int = 4) -> None:
        super().__init__()
        self.matrix = nn.Parameter(torch.eye(size) + 0.25)
        self.before = nn.Parameter(torch.zeros(size))
        self.mixing = ResidualMixing()

    def forward(self, streams: torch.Tensor) -> torch.Tensor:
        return self.mixing(self.matrix) @ streams


class Dynamic(nn.Module):
    """Computes a matrix for every token from its streams, around a square parameter."""

    def __init__(self, size: int = 4, width: int = 32) -> None:
        super().__init__()
        self.base = nn.Parameter(torch.eye(size))
        self.coefficients = nn.Linear(width, size * size)
        self.mixing = ResidualMixing()

    def forward(self, streams: torch.Tensor) -> torch.Tensor:
        self.matrices = self.base + self.coefficients(streams.mean(1)).view(-1, *self.base.shape)
        return self.mixing(self.matrices) @ streams


class Streams(nn.Module):
    """(tokens, streams, width) through every mixer."""

    def __init__(self, *mixers: nn.Module) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.mixers = nn.ModuleList(mixers)

    def forward(self, streams: torch.Tensor) -> torch.Tensor:
        for mixer in self.mixers:
            streams = mixer(streams)
        return streams


class MixerTest(SignalCase):
    def mixed(self, index: int) -> Any:
        """The slots of one mixer: mixed, unprojected."""
        mixer = self.hello["mixers"][index]
        slots = dict(zip(self.staging.offsets, self.staging.slots))
        return slots[mixer["mixedOffset"]], slots[mixer["unprojectedOffset"]]

    def test_should_describe_static_and_dynamic_mixers_in_order(self) -> None:
        self.watch(Streams(Static(), Dynamic()), mixing_order=3, mixers_total=9)
        described = [{k: v for k, v in mixer.items() if "Offset" not in k} for mixer in self.hello["mixers"]]
        common = {"total": 9, "size": 4}
        self.assertEqual(
            described,
            [
                dict(common, index=0, layer="mixers.0.mixing", order=3, dynamic=False, parameter="mixers.0.matrix"),
                dict(common, index=1, layer="mixers.1.mixing", order=4, dynamic=True, parameter=""),
            ],
        )
        roles = {matrix.name: matrix.role for matrix in self.signals.matrices}
        self.assertEqual(roles["mixers.0.matrix"], "RESIDUAL_MIXING")
        self.assertEqual(roles["mixers.1.base"], "OTHER")

    def test_should_stage_what_the_forward_pass_used(self) -> None:
        model = Streams(Static(), Dynamic())
        self.watch(model)
        model(torch.randn(5, 4, 32))
        used = model.mixers[1].matrices.detach()
        model.mixers[0].mixing.projected = True
        with torch.no_grad():
            model(torch.randn(2, 4, 32))
        fields = self.stage()
        self.assertEqual(fields["mixersSampled"], [{"index": 0, "projected": False}, {"index": 1, "projected": False}])
        for slot in self.mixed(0):
            self.assertTrue(torch.equal(slot, model.mixers[0].matrix.detach()))
        for slot in self.mixed(1):
            self.assertTrue(torch.allclose(slot, used.mean(0)))
        self.assertFalse(any(mixer.mixing.watching for mixer in model.mixers))

    def test_should_stage_both_sides_of_a_projection(self) -> None:
        model = Streams(Static())
        model.mixers[0].mixing.projected = True
        self.watch(model)
        model(torch.randn(5, 4, 32))
        self.assertEqual(self.stage()["mixersSampled"], [{"index": 0, "projected": True}])
        mixed, unprojected = self.mixed(0)
        self.assertTrue(torch.equal(unprojected, model.mixers[0].matrix.detach()))
        self.assertTrue(torch.allclose(mixed, sinkhorn(model.mixers[0].matrix.detach())))

    def test_should_leave_out_a_mixer_that_is_not_what_it_seemed(self) -> None:
        model = Streams(Static())
        self.watch(model)
        model.mixers[0].mixing(model.mixers[0].matrix * 2)
        fields = self.stage()
        self.assertEqual(fields["mixersSampled"], [])
        reason = "mixing matrix: it mixes with something else than its owner's only square parameter [mixers.0.mixing]"
        self.assertIn(reason, fields["omissions"])
        self.signals.arm(1)
        model.mixers[0].mixing(torch.eye(3))
        reason = "mixing matrix: it mixes 3 streams, not 4 [mixers.0.mixing]"
        self.assertIn(reason, self.signals.stage(1, self.staging.slots)["omissions"])

    def test_should_ask_the_modules_around_for_the_number_of_streams(self) -> None:
        bare = nn.Module()
        bare.mixing = ResidualMixing()
        model = Streams(bare)
        self.watch(model)
        self.assertEqual(self.hello["mixers"], [])
        model.streams = 5
        self.watch(model)
        self.assertEqual([(m["size"], m["dynamic"]) for m in self.hello["mixers"]], [(5, True)])

    def test_should_refuse_a_total_that_is_too_small(self) -> None:
        with self.assertRaisesRegex(ValueError, "mixers_total is 4, but this stage has mixers up to number 5"):
            self.watch(Streams(Static(), Dynamic()), mixing_order=3, mixers_total=4)

    def test_should_believe_an_owner_that_says_what_it_is(self) -> None:
        owner = Static()
        owner.dynamic = True
        self.watch(Streams(owner))
        self.assertEqual([m["dynamic"] for m in self.hello["mixers"]], [True])

    def test_should_tell_the_reference_models_dynamic_connection_by_its_coefficients(self) -> None:
        self.watch(Streams(*(HyperConnection(index, 4, 32, dynamic=bool(index)) for index in range(2))))
        self.assertEqual([m["dynamic"] for m in self.hello["mixers"]], [False, True])

    def test_should_tell_the_gain_of_single_tokens_from_that_of_the_means(self) -> None:
        model = Streams(Static(), Dynamic())
        self.watch(model)
        model(torch.randn(6, 4, 32))
        token_gain, spread = (s for s in self.stage()["statistics"] if s["metric"].startswith("mixing"))
        products = model.mixers[1].matrices @ model.mixers[0].matrix
        mean = model.mixers[1].matrices.mean(0) @ model.mixers[0].matrix
        expected, of_means = (max(p.sum(-1).abs().max().item(), p.sum(-2).abs().max().item()) for p in (products, mean))
        self.assertEqual((token_gain["metric"], token_gain["layer"]), ("mixingTokenGain", "mixers.1.mixing"))
        self.assertAlmostEqual(token_gain["values"][0], expected, places=4)
        self.assertAlmostEqual(spread["values"][0], expected / of_means, places=4)

    def test_should_say_nothing_of_tokens_where_all_mixers_are_static(self) -> None:
        model = Streams(Static(), Static())
        self.watch(model)
        model(torch.randn(6, 4, 32))
        self.assertEqual([s for s in self.stage()["statistics"] if s["metric"].startswith("mixing")], [])


if __name__ == "__main__":
    unittest.main()
