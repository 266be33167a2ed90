package io.instabilityguard.evaluation.chaos.fault;

/**
 * One thing that goes wrong and is put right again.
 *
 * @param kind what
 * @param command it waits for that many commands of the run of two ranks, so as to fall into the carrying out of one; 0: it does not wait
 * @param delayMs milliseconds after that, or after the trial's beginning
 * @param durationMs milliseconds until it is put right
 * @param choice a number that decides between the processes or records that could be meant, from 0 on
 */
public record Fault(FaultKind kind, int command, long delayMs, long durationMs, int choice) {
    @Override
    public String toString() {
        String since = command == 0 ? "" : " after command " + command;
        return kind + " at " + delayMs + " ms" + since + " for " + durationMs + " ms";
    }
}
