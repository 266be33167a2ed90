package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.anomaly.RunEvent.Silent;
import io.instabilityguard.guard.anomaly.RunEvent.StepInspected;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.schemas.Health;
import io.instabilityguard.schemas.RunState;
import java.util.stream.Collectors;

/** Says where a run stands, from its memory. */
final class RunStates {

    private RunStates() {}

    /** Heard of: OK without open anomalies, else ALARM; UNKNOWN when only a part of the ranks was. */
    static RunState heard(RunMemory memory, Policy policy, StepInspected event, Authority authority) {
        boolean calm = memory.open().isEmpty();
        String open = memory.open().stream().map(OpenAnomaly::detector).collect(Collectors.joining(", "));
        String reason = calm ? "no anomaly is open" : "open: " + open;
        long timestampMs = event.telemetry().getTimestampMs();
        double spent = memory.stepEquivalents(event.lastStep(), event.usualStepMillis());
        RunState state = event.partial().isEmpty()
                ? state(memory, policy, calm ? Health.OK : Health.ALARM, reason, event.lastStep(), timestampMs)
                : state(memory, policy, Health.UNKNOWN, event.partial(), event.lastStep(), timestampMs);
        return RunState.newBuilder(under(authority, memory, state))
                .setBlindSignals(event.blind())
                .setStepEquivalentsSpent(spent)
                .build();
    }

    /** Not heard of for too long: nobody knows. */
    static RunState silent(RunMemory memory, Policy policy, Silent event, Authority authority) {
        String reason = "no telemetry for %.1f s".formatted(event.silentMs() / 1_000.0);
        RunState state = state(memory, policy, Health.UNKNOWN, reason, event.lastStep(), event.nowMs());
        return under(authority, memory, state);
    }

    /** The same state under the lease as it is now. */
    static RunState under(Authority authority, RunMemory memory, RunState state) {
        String held = memory.desk().heldReason();
        return RunState.newBuilder(state)
                .setApplication(authority.application())
                .setLeaseHolder(authority.holder(held))
                .setLeaseReason(authority.reason(held))
                .setLeaseEpoch(authority.lease().epoch())
                .build();
    }

    /** Whether two states differ in more than step and time. */
    static boolean differ(RunState a, RunState b) {
        return a.getGeneration() != b.getGeneration()
                || a.getHealth() != b.getHealth()
                || a.getCommandsIssued() != b.getCommandsIssued()
                || a.getLeaseEpoch() != b.getLeaseEpoch()
                || !a.getLeaseHolder().equals(b.getLeaseHolder())
                || !a.getProposals().equals(b.getProposals())
                || !a.getBlindSignals().equals(b.getBlindSignals())
                || !a.getOpenAnomalies().equals(b.getOpenAnomalies());
    }

    private static RunState state(
            RunMemory memory, Policy policy, Health health, String reason, long lastStep, long timestampMs) {
        return RunState.newBuilder()
                .setRun(memory.run())
                .setGeneration(memory.generation())
                .setHealth(health)
                .setHealthReason(reason)
                .setMode(policy.mode())
                .setLastStep(lastStep)
                .setOpenAnomalies(memory.open().stream().map(OpenAnomaly::id).toList())
                .setCommandsIssued(memory.commandsIssued())
                .setProposals(memory.desk().proposals().stream()
                        .map(OpenProposal::shown)
                        .toList())
                .setPolicyHash(policy.hash())
                .setTimestampMs(timestampMs)
                .build();
    }
}
