package io.instabilityguard.guard.view.board;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.instabilityguard.guard.Telemetry;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.Samples;
import io.instabilityguard.schemas.TelemetrySamples;
import java.util.List;
import org.junit.jupiter.api.Test;

class RunBoardTest {

    private final RunBoard board = new RunBoard();

    @Test
    void shouldShowRankZeroAsTheLineAndAllRanksAsTheBand() {
        board.take(Telemetry.calm(0).setLoss(2).build());
        board.take(Telemetry.calm(0).setProcessRank(1).setLoss(5).build());
        Points.Line loss = board.scalars(List.of("loss"), 0).lines().get("loss");
        assertThat(loss.last()).containsExactly(2);
        assertThat(loss.high()).containsExactly(5);
    }

    @Test
    void shouldKeepStatisticsByLayerAndReduceHeadsAsThePolicyDoes() {
        board.take(Telemetry.sampled(0, 4, 6).build());
        board.take(Telemetry.calm(1)
                .setProfilesStep(1)
                .setStatistics(List.of(Telemetry.statistic("attentionEntropy", 3, 2.5f, 0.5f, 1.5f)))
                .build());
        assertThat(board.statistics()).contains("stableRank", "frobeniusNorm", "attentionEntropy");
        assertThat(board.statistic("frobeniusNorm").lines())
                .containsOnlyKeys("blocks.0.attention.query", "blocks.0.mlp.up");
        assertThat(board.statistic("attentionEntropy").lines().get("blocks.3").last())
                .containsExactly(0.5f);
        assertThat(board.layer("blocks.0.mlp.up")).containsOnlyKeys("frobeniusNorm", "spectralNorm", "stableRank");
        assertThat(board.statistic("unheard")).isNull();
    }

    @Test
    void shouldComposeTheGainOfHyperConnectionsFromAllLayers() {
        board.take(Telemetry.mixing(0, 2, false, 3, 0, 1).build());
        assertThat(board.latest("forwardGain")).isEqualTo(9, within(1e-5));
        assertThat(board.latest("sinkhornResidual")).isEqualTo(2, within(1e-5));
    }

    @Test
    void shouldForkAtANewGenerationAndIgnoreTheOldOne() {
        for (int step = 0; step < 10; step++) {
            board.take(Telemetry.calm(step).build());
        }
        board.take(Telemetry.calm(4)
                .setGeneration(Telemetry.GENERATION + 1)
                .setLoss(7)
                .build());
        board.take(Telemetry.calm(10).build());
        assertThat(board.lastStep()).isEqualTo(4);
        assertThat(board.scalars(List.of("loss"), 0).steps()).containsExactly(0, 1, 2, 3, 4);
        assertThat(board.latest("loss")).isEqualTo(7);
        assertThat(board.entries(entry -> true, Long.MAX_VALUE, 10).items())
                .extracting(Entry::type, Entry::step)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("generation", 4L),
                        org.assertj.core.groups.Tuple.tuple("generation", 0L));
    }

    @Test
    void shouldPageThroughEntriesNewestFirstInWhateverOrderTheyCame() {
        board.take(Samples.outcome());
        board.take(Samples.command());
        board.take(InterventionOutcome.newBuilder(Samples.outcome())
                .setTimestampMs(Samples.outcome().getTimestampMs() + 1)
                .build());
        board.take(Samples.decision());
        board.take(Samples.anomaly());
        Page<Entry> first = board.entries(entry -> true, Long.MAX_VALUE, 3);
        assertThat(first.items()).extracting(Entry::type).containsExactly("outcome", "outcome", "command");
        Page<Entry> second = board.entries(entry -> true, Long.parseLong(first.next()), 3);
        assertThat(second.items()).extracting(Entry::type).containsExactly("decision", "anomaly");
        assertThat(second.next()).isNull();
    }

    @Test
    void shouldSayWhatAKindOfCommandHasCost() {
        board.take(Telemetry.calm(0).setStepMillis(50).build());
        for (double millis : new double[] {10, 20}) {
            board.take(InterventionOutcome.newBuilder(Samples.outcome())
                    .setHookMillis(millis)
                    .build());
        }
        assertThat(board.cost("APPLY_MSIGN")).isEqualTo(new RunBoard.MeasuredCost(2, 15, 0.3));
        assertThat(board.cost("PAUSE").applications()).isZero();
        assertThat(board.cost("PAUSE").millis()).isNaN();
    }

    @Test
    void shouldKeepTheNewestKoopmanSpectrumOfEveryBlock() {
        board.take(TelemetrySamples.telemetry(1));
        assertThat(board.koopman()).singleElement().satisfies(block -> {
            assertThat(block.step()).isEqualTo(1198);
            assertThat(block.modes()).allSatisfy(mode -> assertThat(mode).hasSize(2));
        });
    }
}
