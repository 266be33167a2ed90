package io.instabilityguard.evaluation.campaign;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Says how far a campaign is, and how long it will still take if the rest is like what was done. Thread-safe. */
final class Progress {
    private final Consumer<String> out;
    private final LongSupplier nanos;
    private final int total;
    private final long started;
    private int done;

    Progress(Consumer<String> out, LongSupplier nanos, int total) {
        this.out = out;
        this.nanos = nanos;
        this.total = total;
        this.started = nanos.getAsLong();
    }

    /** So many further runs are finished. */
    synchronized void finished(int runs, String what) {
        done += runs;
        long elapsed = nanos.getAsLong() - started;
        long left = done == 0 ? 0 : elapsed / done * (total - done);
        out.accept("[%d/%d, %s left] %s".formatted(done, total, words(Duration.ofNanos(left)), what));
    }

    static String words(Duration time) {
        if (time.toHours() > 0) {
            return "%d h %02d min".formatted(time.toHours(), time.toMinutesPart());
        }
        return time.toMinutes() > 0 ? time.toMinutes() + " min" : time.toSeconds() + " s";
    }
}
