package io.instabilityguard.guard.view.board;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.Telemetry;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.Samples;
import java.util.List;
import org.junit.jupiter.api.Test;

class FleetTest {

    private static final long ROOM_FOR_ABOUT_TEN = 3_000_000;
    private final Fleet fleet = new Fleet(5, ROOM_FOR_ABOUT_TEN);

    @Test
    void shouldPageThroughRunsById() {
        List.of("c", "a", "e", "b").forEach(run -> take(run, 0));
        Page<RunSummary> first = fleet.runs("", 3);
        assertThat(first.items()).extracting(RunSummary::run).containsExactly("a", "b", "c");
        assertThat(fleet.runs(first.next(), 3)).satisfies(second -> {
            assertThat(second.items()).extracting(RunSummary::run).containsExactly("e");
            assertThat(second.next()).isNull();
        });
    }

    @Test
    void shouldKnowTheLastStepFromTelemetryThatIsNewerThanTheState() {
        take("a", 0);
        fleet.take("a", Telemetry.calm(7_000).setLoss(3).build());
        assertThat(fleet.run("a")).hasValueSatisfying(run -> {
            assertThat(run.lastStep()).isEqualTo(7_000);
            assertThat(run.loss()).isEqualTo(3);
            assertThat(run.lastSeenMs()).isEqualTo(Telemetry.START_MS + 7_000 * Telemetry.STEP_MS);
        });
    }

    @Test
    void shouldDropTheRunWhoseStateIsOldest() {
        for (int i = 0; i < 7; i++) {
            take("run-" + i, i == 3 ? 0 : 100 + i);
        }
        assertThat(fleet.runs("", 10).items())
                .extracting(RunSummary::run)
                .containsExactly("run-1", "run-2", "run-4", "run-5", "run-6");
    }

    @Test
    void shouldDropTheHistoriesLongestNotHeardOfWhenMemoryRunsOut() {
        for (int run = 0; run < 40; run++) {
            for (int step = 0; step < 40; step++) {
                fleet.take("run-" + run, Telemetry.calm(step).build());
                fleet.take("always", Telemetry.calm(run * 40 + step).build());
            }
        }
        assertThat(fleet.evicted()).isPositive();
        assertThat(fleet.history("run-0")).isEmpty();
        assertThat(fleet.history("run-39")).isPresent();
        assertThat(fleet.history("always")).isPresent();
    }

    @Test
    void shouldTellEveryChangeOnce() {
        take("b", 0);
        fleet.take("a", Telemetry.calm(0).build());
        fleet.take("a", Telemetry.calm(1).build());
        assertThat(fleet.takeChanged()).containsExactly("a", "b");
        assertThat(fleet.takeChanged()).isEmpty();
        fleet.withdraw("b");
        assertThat(fleet.takeChanged()).containsExactly("b");
        assertThat(fleet.run("b")).isEmpty();
    }

    private void take(String run, long timestampMs) {
        fleet.take(
                run,
                RunState.newBuilder(Samples.runState())
                        .setRun(run)
                        .setTimestampMs(timestampMs)
                        .build());
    }
}
