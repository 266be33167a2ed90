package io.instabilityguard.guard.agreement;

import static io.instabilityguard.guard.agreement.Side.BASE;
import static io.instabilityguard.guard.agreement.Side.CANDIDATE;
import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.agreement.Match.Fate;
import io.instabilityguard.guard.agreement.Match.Subject;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.AnomalyTransition;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.Evidence;
import io.instabilityguard.schemas.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class AgreementTest {

    private static final String SPIKE = "loss-spike";

    private final List<Match> settled = new ArrayList<>();
    private Agreement agreement = Agreement.NONE;

    @Test
    void shouldTakeAlarmsThatWereOpenTogetherForOne() {
        alarm(CANDIDATE, AnomalyTransition.RAISED, 7);
        alarm(BASE, AnomalyTransition.RAISED, 10);
        alarm(CANDIDATE, AnomalyTransition.CLEARED, 20);
        assertThat(settled).isEmpty();
        alarm(BASE, AnomalyTransition.CLEARED, 30);
        assertThat(settled).containsExactly(new Match(Subject.ALARM, SPIKE, "", 1, 10, 7));
        assertThat(settled.get(0).leadSteps()).isEqualTo(3);
        assertThat(agreement.alarms()).isEqualTo(new Tally(1, 0, 0, 3));
        assertThat(agreement.open()).isEmpty();
    }

    @Test
    void shouldTakeAlarmsOneAfterTheOtherForTwo() {
        alarm(BASE, AnomalyTransition.RAISED, 10);
        alarm(BASE, AnomalyTransition.CLEARED, 20);
        alarm(CANDIDATE, AnomalyTransition.RAISED, 21);
        agreement = agreement.concluded(settled::add);
        assertThat(settled).extracting(Match::fate).containsExactly(Fate.LOST, Fate.NEW);
    }

    @Test
    void shouldCountAnAlarmThatIsRaisedAgain() {
        alarm(BASE, AnomalyTransition.RAISED, 10);
        alarm(CANDIDATE, AnomalyTransition.RAISED, 10);
        alarm(CANDIDATE, AnomalyTransition.CLEARED, 15);
        alarm(CANDIDATE, AnomalyTransition.RAISED, 17);
        agreement = agreement.concluded(settled::add);
        assertThat(agreement.alarms()).isEqualTo(new Tally(1, 0, 1, 0));
    }

    @Test
    void shouldPairCommandsOfOneKindThatAnswerTheSameAlarm() {
        alarm(BASE, AnomalyTransition.RAISED, 10);
        alarm(CANDIDATE, AnomalyTransition.RAISED, 10);
        command(BASE, "SCALE_LEARNING_RATE", 10, "");
        command(CANDIDATE, "APPLY_MSIGN", 11, "");
        command(CANDIDATE, "SCALE_LEARNING_RATE", 14, "");
        agreement = agreement.concluded(settled::add);
        assertThat(settled)
                .containsExactlyInAnyOrder(
                        new Match(Subject.COMMAND, SPIKE, "SCALE_LEARNING_RATE", 1, 10, 14),
                        new Match(Subject.COMMAND, SPIKE, "APPLY_MSIGN", 1, -1, 11),
                        new Match(Subject.ALARM, SPIKE, "", 1, 10, 10));
    }

    @Test
    void shouldLeaveOutWhatIsNotThePolicysOwn() {
        command(BASE, "PAUSE", 10, "alice");
        command(BASE, "ROLL_BACK", 10, "");
        assertThat(agreement).isEqualTo(Agreement.NONE);
    }

    @Test
    void shouldNotCountAnAlarmThatWasOpenBeforeIt() {
        agreement = Agreement.withOpen(List.of(SPIKE), 1);
        alarm(BASE, AnomalyTransition.CLEARED, 10);
        alarm(CANDIDATE, AnomalyTransition.CLEARED, 12);
        assertThat(agreement).isEqualTo(Agreement.NONE);
    }

    @Test
    void shouldNotGrowWithoutBounds() {
        alarm(CANDIDATE, AnomalyTransition.RAISED, 0);
        for (int step = 0; step < 1_000; step++) {
            command(CANDIDATE, "PAUSE", step, "");
        }
        assertThat(agreement.open().get(SPIKE).wishes()).hasSizeLessThan(100);
        assertThat(agreement.concluded(settled::add).commands().onlyCandidate()).isEqualTo(1_000);
    }

    private void alarm(Side side, AnomalyTransition transition, long step) {
        Anomaly anomaly = Anomaly.newBuilder()
                .setId("r/1/" + SPIKE + "/" + step)
                .setRun("r")
                .setGeneration(1)
                .setTransition(transition)
                .setStep(step)
                .setRaisedAtStep(step)
                .setEvidence(Evidence.newBuilder()
                        .setDetector(SPIKE)
                        .setMetric("loss")
                        .setLayers(List.of())
                        .setValue(1)
                        .setBaseline(1)
                        .setThreshold(1)
                        .setFirstStep(step)
                        .setLastStep(step)
                        .build())
                .setForecastSteps(Double.NaN)
                .setMessage("")
                .setTimestampMs(0)
                .build();
        agreement = agreement.after(side, anomaly, settled::add);
    }

    private void command(Side side, String kind, long step, String operator) {
        Decision decision = Decision.newBuilder()
                .setRun("r")
                .setGeneration(1)
                .setSequence(0)
                .setStep(step)
                .setAction(DecisionAction.COMMAND)
                .setAnomalyId("r/1/" + SPIKE + "/10")
                .setCommandId("r/1/" + kind + "/" + step)
                .setVerdict(Verdict.UNKNOWN)
                .setReason("")
                .setPolicyHash("")
                .setPreviousHash("")
                .setHash("")
                .setOperator(operator)
                .setTimestampMs(0)
                .build();
        agreement = agreement.after(side, decision, settled::add);
    }
}
