package io.instabilityguard.guard;

import static io.instabilityguard.guard.Telemetry.calm;
import static io.instabilityguard.guard.Telemetry.layer;
import static io.instabilityguard.guard.Telemetry.outcome;
import static io.instabilityguard.guard.Telemetry.spike;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.AnomalyTransition;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.Direction;
import io.instabilityguard.schemas.Health;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.MatrixRole;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is commanded, and what holds commands back. */
final class CommandTopologyTest extends TopologyCase {

    @Test
    void shouldCutTheLearningRateOnASpike() {
        guard.calm(0, 60);
        guard.send(spike(60));

        assertThat(guard.commands()).singleElement().satisfies(command -> {
            assertThat(command.getKind()).isEqualTo(InterventionKind.SCALE_LEARNING_RATE);
            assertThat(command.getId()).isEqualTo("run-1/1000/SCALE_LEARNING_RATE/60");
            assertThat(command.getParameters()).containsEntry("factor", 0.5);
            assertThat(command.getApplyAtStep()).isEqualTo(61);
            assertThat(command.getExpiresAtStep()).isEqualTo(91);
            assertThat(command.getTimestampMs()).isEqualTo(Telemetry.START_MS + 60 * Telemetry.STEP_MS);
            assertThat(command.getEvidence().getOffset()).isEqualTo(60);
        });
        assertThat(guard.anomalies())
                .extracting(Anomaly::getTransition)
                .containsExactly(AnomalyTransition.RAISED, AnomalyTransition.RAISED);
        assertThat(guard.states()).last().satisfies(state -> {
            assertThat(state.getHealth()).isEqualTo(Health.ALARM);
            assertThat(state.getCommandsIssued()).isEqualTo(1);
        });
    }

    @Test
    void shouldQuarterTheLearningRateAtABlowUpWhileACutIsStillUnderWay() {
        guard.calm(0, 60);
        guard.send(spike(60));
        guard.answer(outcome(guard.commands().get(0), OutcomeStatus.APPLIED, 61));
        guard.send(calm(61).setGradientNorm(60).setLoss(3.5).build());
        assertThat(guard.commands()).singleElement().satisfies(command -> {
            assertThat(command.getKind()).isEqualTo(InterventionKind.SCALE_LEARNING_RATE);
            assertThat(command.getParameters()).containsEntry("factor", 0.25);
        });
    }

    @Test
    void shouldOrthogonaliseAttentionThatOutgrowsTheRest() {
        outgrow();
        assertThat(guard.commands()).singleElement().satisfies(command -> {
            assertThat(command.getKind()).isEqualTo(InterventionKind.APPLY_MSIGN);
            assertThat(command.getLayers()).containsExactly("blocks.0.attention.query");
            assertThat(command.getParameters()).containsEntry("steps", 0.0);
        });
    }

    @Test
    void shouldWaitForTheCooldown() {
        guard.calm(0, 60);
        guard.send(spike(60));
        guard.answer(outcome(guard.commands().get(0), OutcomeStatus.APPLIED, 61));
        guard.calm(61, 71);
        guard.send(spike(71));
        assertThat(guard.commands()).isEmpty();
        assertThat(guard.decisions()).last().satisfies(decision -> {
            assertThat(decision.getAction()).isEqualTo(DecisionAction.NOTHING);
            assertThat(decision.getReason()).isEqualTo("cut-learning-rate waits until after step 71");
        });
        guard.send(spike(72));
        assertThat(guard.commands()).hasSize(1);
    }

    @Test
    void shouldKeepToItsBudget() {
        under("interventions: {cut-learning-rate: {most-per-1000-steps: 1}}", Mode.ENFORCE);
        guard.calm(0, 60);
        guard.send(spike(60));
        guard.answer(outcome(guard.commands().get(0), OutcomeStatus.APPLIED, 61));
        guard.calm(61, 200);
        guard.send(spike(200));
        assertThat(guard.commands()).isEmpty();
        guard.calm(201, 1_060);
        guard.send(spike(1_060));
        assertThat(guard.commands()).hasSize(1);
    }

    @Test
    void shouldCommandNothingWhenItOnlyObserves() {
        under("", Mode.OBSERVE);
        guard.calm(0, 60);
        guard.send(spike(60));
        assertThat(guard.commands()).isEmpty();
        assertThat(guard.decisions()).extracting(Decision::getAction).containsExactly(DecisionAction.WOULD_COMMAND);
        assertThat(guard.states())
                .last()
                .extracting(RunState::getCommandsIssued)
                .isEqualTo(0L);
    }

    @ParameterizedTest
    @EnumSource(names = {"REFUSED", "EXPIRED", "ABANDONED", "FAILED", "VOID"})
    void shouldAskAgainLaterWhenACommandWasNotApplied(OutcomeStatus status) {
        guard.calm(0, 60);
        guard.send(spike(60));
        guard.answer(outcome(guard.commands().get(0), status, 61));
        assertThat(guard.decisions()).last().satisfies(decision -> {
            assertThat(decision.getAction()).isEqualTo(DecisionAction.VERDICT);
            assertThat(decision.getVerdict()).isEqualTo(Verdict.UNKNOWN);
            assertThat(decision.getReason()).contains(status.name());
        });
        guard.calm(61, 67);
        assertThat(guard.commands()).isEmpty();
        guard.calm(67, 68);
        assertThat(guard.commands())
                .extracting(InterventionCommand::getDecidedAtStep)
                .containsExactly(67L);
    }

    @Test
    void shouldGiveUpACommandThatNobodyAnswers() {
        guard.calm(0, 60);
        guard.send(spike(60));
        guard.calm(61, 100);
        guard.send(spike(100));
        assertThat(guard.commands()).hasSize(1);
        guard.send(spike(101));
        assertThat(guard.commands()).hasSize(1);
    }

    @Test
    void shouldTouchMatricesOfTheChosenBlocksAndRoles() {
        under("interventions: {orthogonalise-attention: {roles: [query], depths: {from: 1}}}", Mode.ENFORCE);
        sendBlocks();
        assertThat(guard.commands())
                .singleElement()
                .satisfies(command -> assertThat(command.getLayers()).containsExactly("blocks.1.query"));
    }

    @Test
    void shouldClipQueryAndKeyInPairs() {
        under(
                "interventions: {orthogonalise-attention: {enabled: false}, clip-attention-logits: {when: [attention-outgrowth]}}",
                Mode.ENFORCE);
        sendBlocks();
        assertThat(guard.commands()).singleElement().satisfies(command -> {
            assertThat(command.getKind()).isEqualTo(InterventionKind.CLIP_ATTENTION_LOGITS);
            assertThat(command.getLayers()).containsExactly("blocks.0.query", "blocks.0.key");
        });
    }

    @Test
    void shouldCutLogitsThatJumpAndClimbAtOnceBeforeItLooksCloserAndClips() {
        assertThat(kindsWhileLogitsExplode())
                .startsWith(
                        InterventionKind.SCALE_LEARNING_RATE,
                        InterventionKind.SAMPLE_EVERY,
                        InterventionKind.CLIP_ATTENTION_LOGITS);
    }

    @Test
    void shouldCutWhenRepeatedClipsHaveHadTheirTime() {
        under("""
                interventions: {sample-more-often: {enabled: false}}
                detectors:
                  gradient-spike: {above: {gradient-ratio: 6, loss-surprise: null}}
                  logit-jump: {enabled: false}
                  logit-surge: {enabled: false}
                """, Mode.ENFORCE);
        guard.send(blocks(0, 1));
        guard.calm(1, 60);
        List<Long> cuts = new ArrayList<>();
        for (long step = 60; step < 90; step++) {
            guard.send(calm(step)
                    .setGradientNorm(step > 60 ? 50 : 1)
                    .setMaxAttentionLogit(20_000)
                    .build());
            long appliedAt = step + 1;
            guard.commands().forEach(command -> {
                guard.answer(outcome(command, OutcomeStatus.APPLIED, appliedAt));
                if (command.getKind() == InterventionKind.SCALE_LEARNING_RATE) {
                    cuts.add(command.getDecidedAtStep());
                }
            });
        }
        assertThat(cuts).first().isEqualTo(81L);
    }

    @Test
    void shouldLookCloserAgainWhileACureIsStillToShowItsEffect() {
        under(
                "detectors: {logit-jump: {enabled: false}, logit-surge: {enabled: false}}\n"
                        + "interventions: {sample-more-often: {cooldown-steps: 2}}",
                Mode.ENFORCE);
        assertThat(kindsWhileLogitsExplode())
                .startsWith(
                        InterventionKind.SAMPLE_EVERY,
                        InterventionKind.CLIP_ATTENTION_LOGITS,
                        InterventionKind.SAMPLE_EVERY);
    }

    private List<InterventionKind> kindsWhileLogitsExplode() {
        guard.send(blocks(0, 1));
        guard.calm(1, 60);
        List<InterventionKind> kinds = new ArrayList<>();
        for (long step = 60; step < 66; step++) {
            guard.send(calm(step).setMaxAttentionLogit(20_000).build());
            long appliedAt = step + 1;
            guard.commands().forEach(command -> {
                kinds.add(command.getKind());
                guard.answer(outcome(command, OutcomeStatus.APPLIED, appliedAt));
            });
        }
        return kinds;
    }

    @Test
    void shouldClipAHeadThatClimbsUntilItIsDownAndNotCutForItsJump() {
        under("interventions: {sample-more-often: {enabled: false}}", Mode.ENFORCE);
        guard.send(blocks(0, 1));
        guard.calm(1, 60);
        for (int i = 0; i < 12; i++) {
            guard.send(calm(60 + i).setMaxAttentionLogit(Math.pow(1.4, i)).build());
        }
        InterventionCommand clip = guard.commands().get(0);
        assertThat(clip.getKind()).isEqualTo(InterventionKind.CLIP_ATTENTION_LOGITS);
        guard.answer(outcome(clip, OutcomeStatus.APPLIED, 72));
        guard.send(calm(72).setMaxAttentionLogit(120).build());
        guard.send(calm(73).setMaxAttentionLogit(50).build());
        guard.send(calm(74).setMaxAttentionLogit(50).build());
        assertThat(guard.commands()).singleElement().satisfies(again -> {
            assertThat(again.getKind()).isEqualTo(InterventionKind.CLIP_ATTENTION_LOGITS);
            guard.answer(outcome(again, OutcomeStatus.APPLIED, 75));
        });
        guard.send(calm(76).setMaxAttentionLogit(29).build());
        guard.send(calm(77).setMaxAttentionLogit(29).build());
        assertThat(guard.commands()).isEmpty();
    }

    @Test
    void shouldNameBlocksAndEndDurations() {
        under("""
                interventions:
                  cut-learning-rate: {enabled: false}
                  spread-koopman-spectrum:
                    {enabled: true, when: [gradient-spike], layers: [blocks.3], parameters: {forSteps: -1}}
                """, Mode.ENFORCE);
        guard.calm(0, 60);
        guard.send(spike(60));
        assertThat(guard.commands()).singleElement().satisfies(command -> {
            assertThat(command.getKind()).isEqualTo(InterventionKind.ENABLE_KSS);
            assertThat(command.getLayers()).containsExactly("blocks.3");
            assertThat(command.getParameters())
                    .containsOnly(entry("strength", 0.15), entry("every", 10.0), entry("untilStep", -1.0));
            assertThat(command.getExpectedMetric()).isEqualTo("nearUnitMass");
            assertThat(command.getExpectedDirection()).isEqualTo(Direction.FALLS);
        });
    }

    /** Block 0 has query and key, block 1 only a query; both have outgrown the perceptron. */
    private void sendBlocks() {
        guard.send(blocks(0, 1));
        guard.calm(1, 30);
        guard.send(blocks(30, 3));
    }

    private static StepTelemetry blocks(long step, double norm) {
        return calm(step)
                .setSpectraStep(step)
                .setMaxAttentionLogit(40)
                .setLayers(List.of(
                        layer("blocks.0.query", MatrixRole.QUERY, norm, 8),
                        layer("blocks.0.key", MatrixRole.KEY, norm, 8),
                        LayerSpectrum.newBuilder(layer("blocks.1.query", MatrixRole.QUERY, norm, 8))
                                .setDepth(1)
                                .build(),
                        layer("blocks.0.up", MatrixRole.MLP_UP, 1, 8)))
                .build();
    }
}
