package io.instabilityguard.guard;

import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.LeaseAction;
import io.instabilityguard.schemas.LeaseClaim;
import io.instabilityguard.schemas.ManualCommand;
import io.instabilityguard.schemas.OperatorAction;
import io.instabilityguard.schemas.OperatorActionKind;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** What people say in tests: alice, about the run of {@link Telemetry}. */
final class Operators {

    static final String ALICE = "operator:alice";

    private static final AtomicLong NUMBERS = new AtomicLong();

    private Operators() {}

    static OperatorAction.Builder alice(OperatorActionKind kind, String target) {
        return OperatorAction.newBuilder()
                .setId("action-" + NUMBERS.incrementAndGet())
                .setRun(Telemetry.RUN)
                .setGeneration(Telemetry.GENERATION)
                .setKind(kind)
                .setOperator("alice")
                .setReason("I looked")
                .setTarget(target)
                .setTimestampMs(Telemetry.START_MS);
    }

    /** A cut of the learning rate. */
    static OperatorAction.Builder cut(boolean force) {
        return sending(
                InterventionKind.SCALE_LEARNING_RATE,
                Map.of("factor", 0.25, "floor", 0.01, "regrowthPerStep", 1.0),
                force);
    }

    static OperatorAction.Builder sending(
            InterventionKind kind, Map<String, Double> parameters, boolean force, String... layers) {
        return alice(OperatorActionKind.SEND, "")
                .setCommand(ManualCommand.newBuilder()
                        .setKind(kind)
                        .setLayers(List.of(layers))
                        .setParameters(parameters)
                        .setValidSteps(30)
                        .setForce(force)
                        .build());
    }

    static LeaseClaim claim(LeaseAction action, String holder) {
        return LeaseClaim.newBuilder()
                .setId("claim-" + NUMBERS.incrementAndGet())
                .setRun(Telemetry.RUN)
                .setAction(action)
                .setHolder(holder)
                .setClaimedBy(ALICE)
                .setReason("a closer look")
                .setTimestampMs(Telemetry.START_MS)
                .build();
    }
}
