package io.instabilityguard.guard;

import static io.instabilityguard.guard.Telemetry.calm;
import static io.instabilityguard.guard.Telemetry.spike;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.instabilityguard.guard.anomaly.DetectionProcessor;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.AnomalyTransition;
import io.instabilityguard.schemas.Health;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.RunState;
import java.time.Duration;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** What arrives, what is raised and cleared, and what is said about the run. */
final class GuardTopologyTest extends TopologyCase {

    @Test
    void shouldClearAfterQuietStepsAndSayOk() {
        guard.calm(0, 60);
        guard.send(spike(60));
        guard.calm(61, 80);
        assertThat(guard.anomalies()).noneMatch(this::isCleared);
        guard.calm(80, 81);
        assertThat(guard.anomalies()).hasSize(2).allMatch(this::isCleared);
        assertThat(guard.states()).last().extracting(RunState::getHealth).isEqualTo(Health.OK);
    }

    @Test
    void shouldEscalateAnAnomalyThatGrowsMuchWorse() {
        guard.calm(0, 60);
        guard.send(calm(60).setGradientNorm(30).setLoss(2.8).build());
        guard.send(calm(61).setGradientNorm(135).setLoss(2.8).build());
        assertThat(guard.anomalies())
                .extracting(Anomaly::getTransition, Anomaly::getId)
                .containsExactlyInAnyOrder(
                        tuple(AnomalyTransition.RAISED, "run-1/1000/gradient-spike/60"),
                        tuple(AnomalyTransition.ESCALATED, "run-1/1000/gradient-spike/60"),
                        tuple(AnomalyTransition.RAISED, "run-1/1000/gradient-blow-up/61"));
    }

    @Test
    void shouldDropRepeatedAndLateStepsAndCountThem() {
        guard.calm(0, 60);
        guard.send(calm(59).setLoss(1e6).build());
        guard.send(calm(10).setLoss(1e6).build());
        guard.send(spike(60));

        assertThat(guard.commands())
                .extracting(InterventionCommand::getDecidedAtStep)
                .containsExactly(60L);
        assertThat(guard.count("repeated")).isEqualTo(1);
        assertThat(guard.count("late")).isEqualTo(1);
    }

    @Test
    void shouldGoOnOverMissingSteps() {
        LongStream.range(0, 60)
                .map(i -> i * 7)
                .forEach(step -> guard.send(calm(step).build()));
        guard.send(spike(500));
        assertThat(guard.commands()).hasSize(1);
    }

    @Test
    void shouldBeginAnewInANewGenerationAndDropTheOldOne() {
        guard.calm(0, 60);
        guard.send(spike(60));
        guard.send(calm(61).setGeneration(2_000).build());
        guard.send(calm(62).setLoss(1e6).build());
        guard.send(
                calm(62).setGeneration(2_000).setLoss(100).setGradientNorm(1e6).build());

        assertThat(guard.commands()).hasSize(1);
        assertThat(guard.count("old-generation")).isEqualTo(1);
        assertThat(guard.anomalies()).filteredOn(this::isCleared).hasSize(2);
        assertThat(guard.states()).last().satisfies(state -> {
            assertThat(state.getGeneration()).isEqualTo(2_000);
            assertThat(state.getCommandsIssued()).isZero();
        });
    }

    @Test
    void shouldLetRankZeroSpeakForTheRun() {
        for (long step = 0; step < 60; step++) {
            guard.send(calm(step).setWorldSize(2).build());
            guard.send(calm(step).setWorldSize(2).setProcessRank(1).setLoss(50).build());
        }
        assertThat(guard.anomalies()).isEmpty();
        assertThat(guard.count("next")).isEqualTo(119);
    }

    @Test
    void shouldSayUnknownInSilenceAndNeitherRaiseNorClear() {
        guard.calm(0, 60);
        guard.send(spike(60));
        guard.states();
        guard.wait(Duration.ofSeconds(30));
        assertThat(guard.states())
                .singleElement()
                .extracting(RunState::getHealth)
                .isEqualTo(Health.UNKNOWN);
        assertThat(guard.anomalies()).noneMatch(this::isCleared);

        guard.calm(61, 62);
        assertThat(guard.states())
                .singleElement()
                .extracting(RunState::getHealth)
                .isEqualTo(Health.ALARM);
    }

    @Test
    void shouldNotCallAShortPauseSilence() {
        guard.calm(0, 60);
        guard.states();
        guard.wait(Duration.ofSeconds(15));
        assertThat(guard.states()).isEmpty();
    }

    @Test
    void shouldForgetARunThatStaysSilent() {
        guard.calm(0, 60);
        guard.wait(Duration.ofDays(2));
        assertThat(guard.entries(DetectionProcessor.SNAPSHOT_STORE)).isZero();
        assertThat(guard.entries(DetectionProcessor.SLOT_STORE)).isZero();
        guard.calm(61, 62);
        assertThat(guard.count("new-generation")).isEqualTo(2);
    }

    @Test
    void shouldCountRunsBeyondTheLimit() {
        under("limits: {runs: 1}", Mode.ENFORCE);
        guard.calm(0, 5);
        guard.send(calm(0).setRun("another").build());
        assertThat(guard.count("unwatched")).isEqualTo(1);
        assertThat(guard.states()).extracting(RunState::getRun).containsOnly("run-1");
    }
}
