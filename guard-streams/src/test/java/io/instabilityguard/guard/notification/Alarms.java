package io.instabilityguard.guard.notification;

import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.AnomalyTransition;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.Samples;
import io.instabilityguard.schemas.Verdict;

/** What happens to one run, as records. */
final class Alarms {

    static final String ID = "run-1/gradient-spike/60";
    static final String RUN = "run-1";

    private Alarms() {}

    static Anomaly anomaly(AnomalyTransition transition, long step) {
        return Anomaly.newBuilder(Samples.anomaly())
                .setId(ID)
                .setRun(RUN)
                .setGeneration(5)
                .setTransition(transition)
                .setStep(step)
                .setRaisedAtStep(60)
                .setMessage("the <gradient norm> jumped")
                .setTimestampMs(step * 1_000)
                .build();
    }

    static Decision decision(DecisionAction action) {
        return Decision.newBuilder(Samples.decision())
                .setRun(RUN)
                .setAction(action)
                .setAnomalyId(ID)
                .setReason("the first rung")
                .build();
    }

    static Decision verdict(Verdict verdict, long step) {
        return Decision.newBuilder(decision(DecisionAction.VERDICT))
                .setVerdict(verdict)
                .setStep(step)
                .setTimestampMs(step * 1_000)
                .setReason("the loss rose by a tenth")
                .build();
    }

    /** The incident as it begins. */
    static IncidentUpdate raised() {
        return new Incidents().take(anomaly(AnomalyTransition.RAISED, 60)).get(0);
    }
}
