package io.instabilityguard.evaluation.chaos.violation;

/**
 * Something that must never happen, and happened.
 *
 * @param invariant which rule it breaks
 * @param run the run it happened to; empty when it is none's
 * @param text one line: what, and the evidence
 */
public record Violation(Invariant invariant, String run, String text) {
    @Override
    public String toString() {
        return invariant + (run.isEmpty() ? "" : " in " + run) + ": " + text;
    }
}
