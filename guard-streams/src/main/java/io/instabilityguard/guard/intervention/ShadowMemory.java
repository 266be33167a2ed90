package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.agreement.Agreement;

/**
 * All that is remembered of a shadow policy on one run. Immutable; stored whenever it changes.
 *
 * @param shadowHash hash of the shadow policy
 * @param sinceStep first step that it decided on
 * @param memory what it would remember of its own doings
 * @param agreement where it and the policy in force agree so far
 */
record ShadowMemory(String shadowHash, long sinceStep, RunMemory memory, Agreement agreement) {

    /**
     * A shadow that takes over where the policy in force stands: with its open anomalies, which count for neither side, and its commands, but with nothing that people
     * asked for.
     *
     * @param holder in whose name it decides
     */
    static ShadowMemory of(String shadowHash, long step, RunMemory inForce, String holder) {
        RunMemory memory = inForce.withDesk(Desk.EMPTY.heldBy(holder, ""));
        Agreement begun = Agreement.withOpen(
                memory.open().stream().map(OpenAnomaly::detector).toList(), memory.generation());
        return new ShadowMemory(shadowHash, step, memory, begun);
    }

    ShadowMemory with(Agreement changed) {
        return new ShadowMemory(shadowHash, sinceStep, memory, changed);
    }

    ShadowMemory with(RunMemory changed) {
        return new ShadowMemory(shadowHash, sinceStep, changed, agreement);
    }
}
