package io.instabilityguard.guard.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.instabilityguard.schemas.Health;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.Samples;
import org.junit.jupiter.api.Test;

final class WatchedRunsTest {

    private static final long START_MS = 1_700_000_000_000L;
    private static final long HOUR_MS = WatchedRuns.ENDED_AFTER.toMillis();

    private final WatchedRuns runs = new WatchedRuns();

    @Test
    void shouldCountRunsByHealth() {
        take("a", Health.OK, 0);
        take("b", Health.ALARM, 0);
        take("b", Health.OK, 10);
        take("c", Health.UNKNOWN, 10);

        assertThat(runs.count(Health.OK, START_MS)).isEqualTo(2);
        assertThat(runs.count(Health.ALARM, START_MS)).isZero();
        assertThat(runs.count(Health.UNKNOWN, START_MS)).isEqualTo(1);
    }

    @Test
    void shouldAddUpForHowLongNobodyKnew() {
        take("a", Health.OK, 0);
        take("a", Health.UNKNOWN, 10);
        take("a", Health.OK, 40);
        take("b", Health.UNKNOWN, 50);

        assertThat(runs.unknownSeconds(START_MS + 60_000)).isEqualTo(30 + 10, within(1e-9));
        assertThat(runs.watchedSeconds(START_MS + 60_000)).isEqualTo(60 + 10, within(1e-9));
    }

    @Test
    void shouldTakeARunForEndedAnHourAfterItsLastWord() {
        take("a", Health.UNKNOWN, 0);

        assertThat(runs.count(Health.UNKNOWN, START_MS + HOUR_MS - 1)).isEqualTo(1);
        assertThat(runs.count(Health.UNKNOWN, START_MS + HOUR_MS)).isZero();
        assertThat(runs.latest(10, START_MS + HOUR_MS)).isEmpty();
        assertThat(runs.unknownSeconds(START_MS + 10 * HOUR_MS)).isEqualTo(HOUR_MS / 1_000.0, within(1e-9));
    }

    @Test
    void shouldNotCountTheTimeBeforeItLooked() {
        RunState old = state("a", Health.UNKNOWN, 0);
        runs.take("a", old, START_MS + HOUR_MS / 2);

        assertThat(runs.unknownSeconds(START_MS + HOUR_MS / 2 + 5_000)).isEqualTo(5, within(1e-9));
    }

    @Test
    void shouldForgetAWithdrawnRunButNotItsTime() {
        take("a", Health.UNKNOWN, 0);
        runs.take("a", null, START_MS + 7_000);

        assertThat(runs.count(Health.UNKNOWN, START_MS + 7_000)).isZero();
        assertThat(runs.unknownSeconds(START_MS + 9_000)).isEqualTo(7, within(1e-9));
    }

    @Test
    void shouldNameThoseHeardOfLast() {
        take("a", Health.OK, 1);
        take("b", Health.OK, 3);
        take("c", Health.OK, 2);

        assertThat(runs.latest(2, START_MS)).extracting(RunState::getRun).containsExactly("b", "c");
    }

    private void take(String run, Health health, long second) {
        runs.take(run, state(run, health, second), START_MS + second * 1_000);
    }

    private static RunState state(String run, Health health, long second) {
        return RunState.newBuilder(Samples.runState())
                .setRun(run)
                .setHealth(health)
                .setTimestampMs(START_MS + second * 1_000)
                .build();
    }
}
