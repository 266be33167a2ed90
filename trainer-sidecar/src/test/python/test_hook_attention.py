"""Attention logits and entropies per head against plain sums."""

import math
import unittest
from typing import List, Tuple

import torch
from instability_guard.attention import head_statistics
from reference_trainer.model import CharacterGpt
from torch import nn

from signal_case import SignalCase
from signal_models import HEADS, WIDTH, Gpt, Llama, conv1d, symbols


def by_hand(query: torch.Tensor, key: torch.Tensor, heads: int) -> Tuple[List[float], List[float]]:
    """Largest absolute logit and mean entropy of each head; (time, width) each, keys as wide as queries."""
    size = query.shape[1] // heads
    logits, entropies = [], []
    for head in range(heads):
        q, k = (part[:, head * size : (head + 1) * size].tolist() for part in (query, key))
        largest, total = 0.0, 0.0
        for i, row in enumerate(q):
            scores = [sum(a * b for a, b in zip(row, k[j])) / math.sqrt(size) for j in range(i + 1)]
            largest = max([largest] + [abs(score) for score in scores])
            norm = sum(math.exp(score) for score in scores)
            total -= sum(math.exp(s) / norm * math.log(math.exp(s) / norm) for s in scores)
        logits.append(largest)
        entropies.append(total / len(q))
    return logits, entropies


class AttentionTest(SignalCase):
    def assert_close(self, actual: List[float], expected: List[float]) -> None:
        self.assertEqual(len(actual), len(expected))
        for value, right in zip(actual, expected):
            self.assertAlmostEqual(value, right, places=5)

    def outputs_of(self, module: nn.Module) -> List[torch.Tensor]:
        seen: List[torch.Tensor] = []
        module.register_forward_hook(lambda m, arguments, output: seen.append(output.detach().clone()))
        return seen

    def test_should_agree_with_plain_sums_for_a_fused_projection(self) -> None:
        for model in (Gpt(2), Gpt(2, make=conv1d, as_tuple=True)):
            self.watch(model)
            seen = self.outputs_of(model.transformer["h"][1].attn.c_attn)
            model(symbols())
            fields = self.stage()
            query, key, _ = seen[0][0].split(WIDTH, 1)
            logits, entropies = by_hand(query, key, HEADS)
            self.assert_close(self.values(fields, "attentionLogit")["transformer.h.1"], logits)
            self.assert_close(self.values(fields, "attentionEntropy")["transformer.h.1"], entropies)
            self.assertEqual(self.hello["heads"], {"transformer.h.0": HEADS, "transformer.h.1": HEADS})

    def test_should_tell_the_sequence_of_a_flattened_batch(self) -> None:
        model = CharacterGpt(11, 1, WIDTH, HEADS, 8, "pre")
        self.watch(model)
        attention = model.blocks[0].attention
        seen = [self.outputs_of(layer) for layer in (attention.query, attention.key)]
        model(symbols())
        fields = self.stage()
        logits, entropies = by_hand(seen[0][0][:6], seen[1][0][:6], HEADS)
        self.assert_close(self.values(fields, "attentionLogit")["blocks.0"], logits)
        self.assert_close(self.values(fields, "attentionEntropy")["blocks.0"], entropies)

    def test_should_agree_with_the_trainer_on_the_largest_logit(self) -> None:
        model = CharacterGpt(11, 1, WIDTH, HEADS, 8, "pre")
        self.watch(model)
        model(symbols(1, 8))
        found = max(self.values(self.stage(), "attentionLogit")["blocks.0"])
        self.assertAlmostEqual(found, model.max_attention_logit.item(), places=6)

    def test_should_share_keys_among_groups_of_heads(self) -> None:
        model = Llama(rotary=False)
        self.watch(model)
        attention = model.model.layers[0].self_attn
        seen = [self.outputs_of(layer) for layer in (attention.q_proj, attention.k_proj)]
        model(symbols())
        logits, _ = by_hand(seen[0][0][0], torch.cat([seen[1][0][0]] * 2, 1), HEADS)
        self.assert_close(self.values(self.stage(), "attentionLogit")["model.layers.0"], logits)

    def test_should_read_at_most_256_positions(self) -> None:
        model = CharacterGpt(11, 1, WIDTH, HEADS, 300, "none")
        self.watch(model)
        seen = [self.outputs_of(layer) for layer in (model.blocks[0].attention.query, model.blocks[0].attention.key)]
        model(symbols(1, 300))
        expected = head_statistics(seen[0][0][:256], seen[1][0][:256], HEADS)
        self.assert_close(self.values(self.stage(), "attentionLogit")["blocks.0"], expected[0].tolist())

    def test_should_say_what_it_leaves_out(self) -> None:
        normalised = Gpt(1)
        normalised.transformer["h"][0].attn.q_norm = nn.LayerNorm(4)
        headless = Gpt(1)
        del headless.transformer["h"][0].attn.n_head
        encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(WIDTH, 2, 16), 1, enable_nested_tensor=False)
        for model, inputs, reason in [
            (Llama(), symbols(), "model.rotary_emb changes queries and keys"),
            (normalised, symbols(), "attn.q_norm changes queries and keys"),
            (headless, symbols(), "the number of its heads is unknown or does not fit"),
            (encoder, torch.randn(3, 2, WIDTH), "it computes queries and keys without linear layers of their own"),
        ]:
            self.watch(model)
            model(inputs)
            fields = self.stage()
            self.assertEqual(fields["statistics"], [])
            self.assertIn(reason, "\n".join(fields["omissions"]))

    def test_should_take_the_number_of_heads_from_the_option(self) -> None:
        model = Gpt(1)
        del model.transformer["h"][0].attn.n_head
        self.watch(model, attention_heads=4)
        model(symbols())
        self.assertEqual(len(self.values(self.stage(), "attentionLogit")["transformer.h.0"]), 4)

    def test_should_send_no_statistic_that_is_not_finite(self) -> None:
        model = Gpt(1)
        self.watch(model)
        with torch.no_grad():
            model.transformer["h"][0].attn.c_attn.weight.fill_(float("nan"))
        model(symbols())
        fields = self.stage()
        self.assertEqual(fields["statistics"], [])
        self.assertIn("attentionLogit: it is not finite [transformer.h.0]", fields["omissions"])

    def test_should_be_silent_when_switched_off(self) -> None:
        model = Gpt(1)
        self.watch(model, attention=False)
        model(symbols())
        fields = self.stage()
        self.assertEqual((fields["statistics"], fields["omissions"]), ([], []))
        self.assertEqual(self.hello["heads"], {"transformer.h.0": HEADS})


if __name__ == "__main__":
    unittest.main()
