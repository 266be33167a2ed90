package io.instabilityguard.guard.notification;

import static io.instabilityguard.guard.notification.Alarms.anomaly;
import static io.instabilityguard.guard.notification.Alarms.decision;
import static io.instabilityguard.guard.notification.Alarms.verdict;
import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.notification.Incident.Status;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.AnomalyTransition;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.Samples;
import io.instabilityguard.schemas.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

final class IncidentsTest {

    private final Incidents incidents = new Incidents();
    private final List<IncidentUpdate> updates = new ArrayList<>();

    @Test
    void shouldBeOneIncidentFromTheFirstWordToTheLast() {
        take(
                anomaly(AnomalyTransition.RAISED, 60),
                decision(DecisionAction.COMMAND),
                anomaly(AnomalyTransition.ESCALATED, 61),
                anomaly(AnomalyTransition.ESCALATED, 62),
                anomaly(AnomalyTransition.CLEARED, 90));

        assertThat(updates)
                .extracting(update -> update.incident().status())
                .containsExactly(Status.RAISED, Status.COMMANDED, Status.ESCALATED, Status.ESCALATED, Status.CLEARED);
        assertThat(updates).extracting(IncidentUpdate::isNewStatus).containsExactly(true, true, true, false, true);
        assertThat(updates).extracting(update -> update.incident().update()).containsExactly(0, 1, 2, 3, 4);
        assertThat(updates).extracting(update -> update.incident().id()).containsOnly(Alarms.ID);
        assertThat(incidents.open()).isEmpty();
    }

    @Test
    void shouldKeepADecisionThatComesBeforeItsAnomaly() {
        take(decision(DecisionAction.PROPOSE));
        assertThat(updates).isEmpty();

        take(anomaly(AnomalyTransition.RAISED, 60));

        assertThat(updates)
                .extracting(update -> update.incident().status())
                .containsExactly(Status.RAISED, Status.WAITS_FOR_APPROVAL);
    }

    @Test
    void shouldSayNothingOfDecisionsToDoNothing() {
        take(
                anomaly(AnomalyTransition.RAISED, 60),
                decision(DecisionAction.NOTHING),
                decision(DecisionAction.WOULD_COMMAND));

        assertThat(updates).hasSize(1);
    }

    @Test
    void shouldTellOfHarmAfterTheEndAsAnUpdateOfTheSameIncident() {
        take(
                anomaly(AnomalyTransition.RAISED, 60),
                decision(DecisionAction.COMMAND),
                anomaly(AnomalyTransition.CLEARED, 90),
                verdict(Verdict.HARMFUL, 110));

        Incident last = updates.get(updates.size() - 1).incident();
        assertThat(last.status()).isEqualTo(Status.HARMED);
        assertThat(last.id()).isEqualTo(Alarms.ID);
        assertThat(last.update()).isEqualTo(3);
        assertThat(last.step()).isEqualTo(110);
        assertThat(last.summary()).isEqualTo("the loss rose by a tenth");
        assertThat(updates).last().extracting(IncidentUpdate::isNewStatus).isEqualTo(true);
        assertThat(incidents.open()).as("to be repeated").isEmpty();

        take(verdict(Verdict.HARMFUL, 120));

        assertThat(updates).last().satisfies(update -> {
            assertThat(update.isNewStatus()).isFalse();
            assertThat(update.incident().update()).isEqualTo(4);
        });
    }

    @Test
    void shouldTellOfNothingButHarmAfterTheEnd() {
        take(anomaly(AnomalyTransition.RAISED, 60), anomaly(AnomalyTransition.CLEARED, 90));
        int before = updates.size();

        take(decision(DecisionAction.COMMAND), verdict(Verdict.EFFECTIVE, 100), verdict(Verdict.NEUTRAL, 110));

        assertThat(updates).hasSize(before);
    }

    @Test
    void shouldEndWithTheTrainersGeneration() {
        take(anomaly(AnomalyTransition.RAISED, 60), state(Alarms.RUN, 5));
        assertThat(incidents.open()).hasSize(1);

        take(state("another", 6), state(Alarms.RUN, 6));

        assertThat(incidents.open()).isEmpty();
        assertThat(updates)
                .last()
                .satisfies(update -> assertThat(update.incident().isOpen()).isFalse());
    }

    @Test
    void shouldTellNothingOfCanariesNorOfTheEndOfWhatItNeverSaw() {
        take(
                Anomaly.newBuilder(anomaly(AnomalyTransition.RAISED, 60))
                        .setRun("guard-canary")
                        .build(),
                anomaly(AnomalyTransition.CLEARED, 90));

        assertThat(updates).isEmpty();
    }

    private void take(SpecificRecord... records) {
        for (SpecificRecord record : records) {
            updates.addAll(incidents.take(record));
        }
    }

    private static RunState state(String run, long generation) {
        return RunState.newBuilder(Samples.runState())
                .setRun(run)
                .setGeneration(generation)
                .setTimestampMs(61_000)
                .build();
    }
}
