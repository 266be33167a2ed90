package io.instabilityguard.guard.agreement;

/**
 * An alarm or a command that both policies came to, or only one of them.
 *
 * @param subject what it is
 * @param detector the detector that found the cause
 * @param kind kind of the command; empty for an alarm
 * @param generation generation of the trainer
 * @param baseStep step at which the policy that is compared with came to it; -1 when it did not
 * @param candidateStep step at which the candidate came to it; -1 when it did not
 */
public record Match(Subject subject, String detector, String kind, long generation, long baseStep, long candidateStep) {

    /** What is compared. */
    public enum Subject {
        /** An anomaly that was raised. */
        ALARM,
        /** A command that was sent, proposed, or recorded as what would have been sent. */
        COMMAND
    }

    /** Who came to it. */
    public enum Fate {
        /** Both. */
        SAME,
        /** Only the candidate. */
        NEW,
        /** Only the policy that is compared with. */
        LOST
    }

    /** Who came to it. */
    public Fate fate() {
        if (baseStep < 0) {
            return Fate.NEW;
        }
        return candidateStep < 0 ? Fate.LOST : Fate.SAME;
    }

    /** Steps by which the candidate came to it earlier; negative when later, 0 when only one did. */
    public long leadSteps() {
        return fate() == Fate.SAME ? baseStep - candidateStep : 0;
    }

    /** One that a single policy came to. */
    static Match alone(Subject subject, String detector, String kind, long generation, Side side, long step) {
        return new Match(
                subject, detector, kind, generation, side == Side.BASE ? step : -1, side == Side.CANDIDATE ? step : -1);
    }
}
