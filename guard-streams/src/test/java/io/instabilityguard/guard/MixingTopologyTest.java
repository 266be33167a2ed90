package io.instabilityguard.guard;

import static io.instabilityguard.guard.Telemetry.calm;
import static io.instabilityguard.guard.Telemetry.mixing;
import static io.instabilityguard.guard.Telemetry.outcome;
import static io.instabilityguard.guard.Telemetry.spike;
import static io.instabilityguard.guard.Telemetry.statistic;
import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.AnomalyTransition;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Hyper-connections: gains composed over all ranks, and the switch. */
final class MixingTopologyTest extends TopologyCase {

    @ParameterizedTest
    @ValueSource(floats = {7.2f, 0.13f})
    void shouldSwitchFreeMixingThatAmplifiesOrAttenuates(float scale) {
        sendMixing(0, 10, false, 1f);
        assertThat(guard.commands()).isEmpty();
        sendMixing(10, 11, false, scale);

        assertThat(guard.commands()).singleElement().satisfies(command -> {
            assertThat(command.getKind()).isEqualTo(InterventionKind.SWITCH_HC);
            assertThat(command.getLayers()).isEmpty();
            assertThat(command.getParameters()).containsEntry("on", 1.0);
            assertThat(command.getExpectedMetric()).isEqualTo("logGain");
            assertThat(command.getJudgedAfterSteps()).isEqualTo(20);
        });
    }

    @Test
    void shouldLetAGainWithinAFactorOfFiftyPassThatGrowsNoMore() {
        sendMixing(0, 10, false, 7f);
        assertThat(guard.commands()).isEmpty();
    }

    /** Two mixers: gains of 6.3 and 15.2, then 31.4. */
    @ParameterizedTest
    @CsvSource({"2.5, 1", "3.9, 0"})
    void shouldSwitchFromThirtyOnWhenTheGainHasGrownMoreThanThreefoldInFiveSteps(float before, int switches) {
        sendMixing(0, 10, false, before);
        assertThat(guard.commands()).isEmpty();
        sendMixing(10, 11, false, 5.6f);
        assertThat(guard.commands()).hasSize(switches);
    }

    @Test
    void shouldLeaveProjectedMixingAlone() {
        sendMixing(0, 10, true, 8f);
        assertThat(guard.commands()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"1.18, 1", "1.04, 0"})
    void shouldSwitchWhenTheGainOfTheWorstTokenDoublesWithinFiveSteps(double perStep, int switches) {
        for (long step = 0; step < 10; step++) {
            guard.send(mixing(step, 1, false, 1f, 0)
                    .setStatistics(List.of(statistic("mixingTokenGain", -1, (float) (2.1 * Math.pow(perStep, step)))))
                    .build());
        }
        assertThat(guard.commands()).hasSize(switches);
    }

    @Test
    void shouldSwitchOnceAndClearWhenTheGainIsBack() {
        guard.calm(0, 1);
        sendMixing(1, 2, false, 7.2f);
        InterventionCommand command = guard.commands().get(0);
        sendMixing(2, 3, false, 7.5f);
        guard.answer(outcome(command, OutcomeStatus.APPLIED, 2));
        sendMixing(3, 60, true, 1f);

        assertThat(verdicts()).containsExactly(Verdict.EFFECTIVE);
        assertThat(guard.anomalies())
                .extracting(Anomaly::getTransition)
                .containsExactly(AnomalyTransition.RAISED, AnomalyTransition.CLEARED);
        sendMixing(60, 2_000, true, 1f);
        sendMixing(2_000, 2_010, false, 8f);
        assertThat(guard.commands()).isEmpty();
    }

    @Test
    void shouldNotCutTheLearningRateWhileTheSwitchIsStillToShowItsEffect() {
        guard.calm(0, 60);
        sendMixing(60, 61, false, 7.2f);
        guard.answer(outcome(guard.commands().get(0), OutcomeStatus.APPLIED, 61));
        guard.send(spike(61));
        assertThat(guard.commands()).isEmpty();
        guard.calm(62, 82);
        guard.send(spike(82));
        assertThat(guard.commands())
                .extracting(InterventionCommand::getKind)
                .containsExactly(InterventionKind.SCALE_LEARNING_RATE);
    }

    @Test
    void shouldNotRewindForTheJumpThatTheSwitchMakes() {
        guard.calm(0, 60);
        sendMixing(60, 61, false, 7.2f);
        guard.answer(outcome(guard.commands().get(0), OutcomeStatus.APPLIED, 61));
        double loss = calm(61).getLoss();
        guard.send(calm(61).setLoss(2.6 * loss).build());
        assertThat(guard.anomalies())
                .extracting(anomaly -> anomaly.getEvidence().getDetector())
                .contains("loss-shock");
        assertThat(guard.commands()).isEmpty();
        guard.calm(62, 82);
        guard.send(calm(82).setLoss(2.6 * loss).build());
        assertThat(guard.commands())
                .extracting(InterventionCommand::getKind)
                .containsExactly(InterventionKind.REWIND_AND_SKIP);
    }

    @Test
    void shouldStayOpenUntilTheGainIsBackInRange() {
        sendMixing(0, 1, false, 7.2f);
        sendMixing(1, 100, true, 1.3f);
        assertThat(guard.anomalies()).noneMatch(this::isCleared);
        sendMixing(100, 120, true, 1.2f);
        assertThat(guard.anomalies()).hasSize(1).allMatch(this::isCleared);
    }

    @Test
    void shouldComposeStagesThatReportFromDifferentRanks() {
        guard.send(
                mixing(10, 2, false, 60f, 1).setWorldSize(2).setProcessRank(1).build());
        assertThat(guard.commands()).isEmpty();
        guard.send(mixing(10, 2, false, 1f, 0).setWorldSize(2).build());
        assertThat(guard.commands()).hasSize(1);
    }

    @Test
    void shouldNeverGuessAMissingStage() {
        for (long step = 0; step < 100; step++) {
            guard.send(mixing(step, 2, false, 60f, 0).setWorldSize(2).build());
        }
        assertThat(guard.anomalies()).isEmpty();
        assertThat(guard.states())
                .last()
                .satisfies(state -> assertThat(state.getBlindSignals()).contains("hyper-connection-gain: abstains"));
    }

    @Test
    void shouldCountMixingOnWhichRanksDisagreeAndDecideNothing() {
        guard.send(mixing(10, 2, false, 60f, 0).setWorldSize(2).build());
        guard.send(
                mixing(10, 3, false, 60f, 1).setWorldSize(2).setProcessRank(1).build());
        guard.send(mixing(11, 1, false, Float.NaN, 0).setWorldSize(2).build());
        assertThat(guard.count("mixing-refused")).isEqualTo(2);
        assertThat(guard.anomalies()).isEmpty();
    }

    @Test
    void shouldKeepWhatOtherRanksToldAcrossARestart() {
        guard.send(mixing(10, 2, false, 1f).build());
        guard.send(
                mixing(10, 2, false, 60f, 1).setWorldSize(2).setProcessRank(1).build());
        GuardDriver next = enforcing("");
        next.restoreFrom(guard);
        guard.close();
        guard = next;
        guard.send(
                mixing(11, 2, false, 1f, 0).setProfilesStep(10).setWorldSize(2).build());
        assertThat(guard.commands()).hasSize(1);
    }

    private void sendMixing(long from, long to, boolean projected, float scale) {
        for (long step = from; step < to; step++) {
            guard.send(mixing(step, 2, projected, scale, 0, 1).build());
        }
    }
}
