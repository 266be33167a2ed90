package io.instabilityguard.guard.view.board;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TrajectoryTest {

    private final Trajectory trajectory = new Trajectory(8, 2);

    @Test
    void shouldKeepEveryStepWhileThereIsRoom() {
        for (int step = 10; step < 15; step++) {
            trajectory.put(step, "loss", step * 2);
        }
        Points points = all();
        assertThat(points.stride()).isEqualTo(1);
        assertThat(points.steps()).containsExactly(10, 11, 12, 13, 14);
        assertThat(points.lines().get("loss").last()).containsExactly(20, 22, 24, 26, 28);
    }

    @Test
    void shouldKeepTheWholeRunInBoundedPointsWithoutLosingASpike() {
        for (int step = 0; step < 1_000; step++) {
            trajectory.put(step, "loss", step == 437 ? 99 : step == 438 ? -7 : 1);
        }
        Points points = all();
        assertThat(points.steps()).hasSizeLessThanOrEqualTo(8).startsWith(0);
        assertThat(points.stride()).isEqualTo(128);
        assertThat(points.lines().get("loss").high()).contains(99);
        assertThat(points.lines().get("loss").low()).contains(-7);
        assertThat(points.lines().get("loss").last()).containsOnly(1);
    }

    @Test
    void shouldTakeLateValuesOfKnownStepsAndLeaveOutUnknownOnes() {
        trajectory.put(5, "loss", 1);
        trajectory.put(7, "loss", 2);
        trajectory.widen(5, "loss", 4);
        trajectory.put(6, "loss", 3);
        assertThat(all().steps()).containsExactly(5, 7);
        assertThat(all().lines().get("loss").last()).containsExactly(1, 2);
        assertThat(all().lines().get("loss").high()).containsExactly(4, 2);
    }

    @Test
    void shouldLeaveOutNaNAndLanesBeyondTheBound() {
        trajectory.put(1, "a", Double.NaN);
        trajectory.put(1, "a", 1);
        trajectory.put(1, "b", Double.POSITIVE_INFINITY);
        trajectory.put(1, "c", 3);
        assertThat(trajectory.names()).containsExactly("a", "b");
        assertThat(trajectory.latest("b")).isInfinite();
        assertThat(trajectory.latest("c")).isNaN();
    }

    @Test
    void shouldForgetWhatIsTrainedAnew() {
        for (int step = 0; step < 6; step++) {
            trajectory.put(step, "loss", step);
        }
        trajectory.cutFrom(3);
        trajectory.put(3, "loss", 30);
        assertThat(all().steps()).containsExactly(0, 1, 2, 3);
        assertThat(all().lines().get("loss").last()).containsExactly(0, 1, 2, 30);
        assertThat(all().lines().get("loss").low()).containsExactly(0, 1, 2, 30);
    }

    @Test
    void shouldGiveOnlyThePointsFromTheOneThatHoldsAStep() {
        for (int step = 0; step < 16; step++) {
            trajectory.put(step, "loss", step);
        }
        assertThat(trajectory.points(9, List.of("loss")).steps()).containsExactly(8, 10, 12, 14);
        assertThat(trajectory.points(99, List.of("loss", "unknown")).steps()).isEmpty();
    }

    private Points all() {
        return trajectory.points(Long.MIN_VALUE, trajectory.names());
    }
}
