package io.instabilityguard.schemas.signature;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * Tells the records of those who are trusted from anybody else's by their signatures. The public keys are read again when a record comes and
 * five seconds have passed, so that keys are added and withdrawn without a restart; while they cannot be read the last good ones hold. Safe for
 * many threads.
 */
public final class RecordVerification {
    /** Believes every record: whoever may write to a topic is trusted with it. */
    public static final RecordVerification NONE =
            new RecordVerification(List.of(), new PublicKeys(Map.of()), () -> 0, problem -> {});

    private static final long REREAD_MILLIS = 5_000;

    private final List<Path> places;
    private final LongSupplier clockMs;
    private final Consumer<IOException> unreadable;
    private final AtomicLong readAtMs;
    private volatile PublicKeys keys;

    private RecordVerification(
            List<Path> places, PublicKeys keys, LongSupplier clockMs, Consumer<IOException> unreadable) {
        this.places = List.copyOf(places);
        this.keys = keys;
        this.clockMs = clockMs;
        this.unreadable = unreadable;
        this.readAtMs = new AtomicLong(clockMs.getAsLong());
    }

    /**
     * Verification against the keys in these files and folders; {@link #NONE} when none is named.
     *
     * @param clockMs milliseconds of any clock that does not go back
     * @param unreadable is told why keys could not be read again
     * @throws IOException in one line, when a key cannot be read or there is none
     */
    public static RecordVerification by(List<Path> places, LongSupplier clockMs, Consumer<IOException> unreadable)
            throws IOException {
        if (places.isEmpty()) {
            return NONE;
        }
        PublicKeys keys = PublicKeys.read(places);
        if (keys.isEmpty()) {
            throw new IOException("there is no *.pem file in " + places);
        }
        return new RecordVerification(places, keys, clockMs, unreadable);
    }

    /** Whether anything is refused at all. */
    public boolean isOn() {
        return !places.isEmpty();
    }

    /** Why a record is not to be believed; empty when it is. */
    public Optional<SignatureProblem> problemOf(
            String topic, @Nullable String key, byte @Nullable [] value, Headers headers) {
        if (!isOn()) {
            return Optional.empty();
        }
        rereadWhenDue();
        return RecordSignature.problem(keys, topic, key, value, headers);
    }

    private void rereadWhenDue() {
        long now = clockMs.getAsLong();
        long last = readAtMs.get();
        if (now - last < REREAD_MILLIS || !readAtMs.compareAndSet(last, now)) {
            return;
        }
        try {
            keys = PublicKeys.read(places);
        } catch (IOException e) {
            unreadable.accept(e);
        }
    }
}
