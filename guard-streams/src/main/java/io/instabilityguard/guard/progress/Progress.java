package io.instabilityguard.guard.progress;

import java.time.Clock;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * The last line of a terminal while long work goes on: how much of it is done, and how long the rest takes if it is like what was done. Where nobody watches nothing is written. Thread-safe; it
 * has no thread of its own, so that the line changes only when something is done.
 */
public final class Progress implements AutoCloseable {

    private static final String START_OF_LINE = "\r\u001b[K";
    private static final long REDRAW_MS = 200;
    private static final long FORECAST_AFTER_MS = 2_000;

    private final String what;
    private final long total;
    private final Consumer<String> terminal;
    private final Clock clock;
    private final long begunAtMs;
    private long drawnAtMs;
    private long done;
    private String drawn = "";

    Progress(String what, long total, Consumer<String> terminal, Clock clock) {
        this.what = what;
        this.total = total;
        this.terminal = terminal;
        this.clock = clock;
        this.begunAtMs = clock.millis();
        this.drawnAtMs = begunAtMs - REDRAW_MS;
    }

    /**
     * Of work that begins now. The launcher says whether standard error is a terminal whose lines may be rewritten.
     *
     * @param what is done, in a word or two
     * @param total how much there is to do, in any unit
     * @param isWanted false where a program reads the output
     */
    public static Progress of(String what, long total, boolean isWanted) {
        boolean isSeen = isWanted && Boolean.getBoolean("guard.progress");
        return new Progress(what, total, isSeen ? Progress::write : unseen -> {}, Clock.systemUTC());
    }

    /** Of work that nobody watches. */
    public static Progress hidden() {
        return of("", 0, false);
    }

    private static void write(String text) {
        System.err.print(text);
        System.err.flush();
    }

    /** So much more is done. */
    public synchronized void done(long more) {
        done += more;
        long nowMs = clock.millis();
        if (nowMs - drawnAtMs >= REDRAW_MS) {
            drawnAtMs = nowMs;
            draw(what + " " + this);
        }
    }

    /** Has something printed that stays, above the line. */
    public synchronized void above(Runnable printing) {
        String line = drawn;
        erase();
        printing.run();
        if (!line.isEmpty()) {
            draw(line);
        }
    }

    /** How much of all is done and, after two seconds, how long the rest takes. */
    @Override
    public synchronized String toString() {
        long sinceMs = clock.millis() - begunAtMs;
        String counted = done + "/" + total;
        return done == 0 || sinceMs < FORECAST_AFTER_MS ? counted : counted + ", " + words(left(sinceMs)) + " left";
    }

    private Duration left(long sinceMs) {
        return Duration.ofMillis(Math.round((double) sinceMs / done * Math.max(0, total - done)));
    }

    private static String words(Duration time) {
        if (time.toHours() > 0) {
            return "%d h %02d min".formatted(time.toHours(), time.toMinutesPart());
        }
        return time.toMinutes() > 0 ? time.toMinutes() + " min" : time.toSeconds() + " s";
    }

    private void draw(String line) {
        drawn = line;
        terminal.accept(START_OF_LINE + line);
    }

    private void erase() {
        if (!drawn.isEmpty()) {
            draw("");
        }
    }

    /** Takes the line away. */
    @Override
    public synchronized void close() {
        erase();
    }
}
