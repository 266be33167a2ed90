package io.instabilityguard.sidecar.command;

/**
 * Who holds a run by the newest word heard in this life of its trainer: what an earlier holder commanded is refused.
 *
 * @param generation the life that the rest is about
 * @param holder the holder of the newest epoch
 * @param epoch the highest fencing token heard of; 0 when none was
 */
public record Fence(long generation, String holder, long epoch) {
    /** Nothing heard yet: everything passes. */
    public static final Fence NONE = new Fence(Long.MIN_VALUE, "", 0);

    /** The fence after one more word, which may be an old one. */
    Fence and(Fence word) {
        boolean isNewer = word.generation > generation || word.generation == generation && word.epoch > epoch;
        return isNewer ? word : this;
    }

    /** Whether a command comes from a holder that has lost the run. */
    boolean bars(ReceivedCommand command) {
        return command.generation() == generation && command.epoch() < epoch;
    }

    /** Why a command is refused. */
    String reason(ReceivedCommand command) {
        String from = command.holder().isEmpty() ? "a guard without a lease" : command.holder();
        return "%s commanded it in epoch %d, but %s holds the run since epoch %d"
                .formatted(from, command.epoch(), holder, epoch);
    }
}
