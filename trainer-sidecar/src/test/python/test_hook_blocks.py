"""Which modules are taken for residual blocks."""

import unittest

import torch
from instability_guard.blocks import find_blocks
from reference_trainer.model import CharacterGpt
from torch import nn

from signal_models import WIDTH, Gpt, Llama, conv1d


class BlocksTest(unittest.TestCase):
    def test_should_find_the_blocks_of_known_models(self) -> None:
        encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(WIDTH, 2, 16), 2, enable_nested_tensor=False)
        for model, paths in [
            (CharacterGpt(7, 2, WIDTH, 2, 4, "none"), ["blocks.0", "blocks.1"]),
            (Gpt(2), ["transformer.h.0", "transformer.h.1"]),
            (Gpt(2, make=conv1d, as_tuple=True), ["transformer.h.0", "transformer.h.1"]),
            (Llama(), ["model.layers.0", "model.layers.1"]),
            (encoder, ["layers.0", "layers.1"]),
        ]:
            found = find_blocks(model)
            self.assertEqual([(b.path, b.depth, b.width) for b in found], [(p, i, WIDTH) for i, p in enumerate(paths)])

    def test_should_take_the_blocks_that_patterns_name(self) -> None:
        found = find_blocks(Gpt(3), ["transformer.h.[02]", "*.ln_f"])
        self.assertEqual([b.path for b in found], ["transformer.h.0", "transformer.h.2", "transformer.ln_f"])
        self.assertEqual([b.width for b in found], [WIDTH, WIDTH, 0])

    def test_should_find_none_where_nothing_is_stacked(self) -> None:
        self.assertEqual(find_blocks(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 3))), [])
        self.assertEqual(find_blocks(nn.Module()), [])

    def test_should_read_the_dtype_from_the_weights(self) -> None:
        self.assertEqual({b.dtype for b in find_blocks(Gpt(2).to(torch.bfloat16))}, {"bfloat16"})


if __name__ == "__main__":
    unittest.main()
