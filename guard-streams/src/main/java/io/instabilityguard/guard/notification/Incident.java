package io.instabilityguard.guard.notification;

import java.util.List;

/**
 * What happens to one run for one cause, from its anomaly's first word to its last.
 *
 * @param id the anomaly's: the same in every update
 * @param run whom it happens to
 * @param generation of the trainer
 * @param cause name of the detector
 * @param status how far it got
 * @param summary one sentence of the guard's
 * @param layers concerned; empty for the whole model
 * @param raisedAtStep where it began
 * @param step of this update
 * @param startedAtMs time of its beginning, epoch milliseconds
 * @param updatedAtMs time of this update, epoch milliseconds
 * @param update number of this update, from 0
 */
public record Incident(
        String id,
        String run,
        long generation,
        String cause,
        Status status,
        String summary,
        List<String> layers,
        long raisedAtStep,
        long step,
        long startedAtMs,
        long updatedAtMs,
        int update) {

    /** Keeps its own copy. */
    public Incident {
        layers = List.copyOf(layers);
    }

    /** How far it got. */
    public enum Status {
        /** The precursor was seen. */
        RAISED("raised"),
        /** It grew much worse. */
        ESCALATED("grew worse"),
        /** The guard commanded something. */
        COMMANDED("an intervention was commanded"),
        /** The guard asks for an approval. */
        WAITS_FOR_APPROVAL("waits for your approval"),
        /** The guard has nothing left to try. */
        NEEDS_A_PERSON("the guard is at its wits' end: it needs a person"),
        /** What was done made it worse; judged some steps after it was done, which may be after the end. */
        HARMED("an intervention did harm"),
        /** It is over. */
        CLEARED("cleared");

        private final String words;

        Status(String words) {
            this.words = words;
        }

        /** For people. */
        public String words() {
            return words;
        }
    }

    /** Whether somebody is to look at it. */
    public boolean isOpen() {
        return status != Status.CLEARED;
    }

    /** The next update. */
    Incident updated(Status newStatus, String newSummary, long newStep, long newTimeMs) {
        return new Incident(
                id,
                run,
                generation,
                cause,
                newStatus,
                newSummary,
                layers,
                raisedAtStep,
                newStep,
                startedAtMs,
                newTimeMs,
                update + 1);
    }
}
