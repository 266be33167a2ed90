package io.instabilityguard.sidecar.command;

import io.instabilityguard.schemas.signature.PublicKeys;
import io.instabilityguard.schemas.signature.RecordSignature;
import io.instabilityguard.schemas.signature.SignatureProblem;
import io.instabilityguard.sidecar.errors.DistinctErrors;
import io.instabilityguard.sidecar.report.SidecarClock;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the guard's commands from anybody else's by their signatures. The public keys are read again when a command comes and five
 * seconds have passed, so that keys are added and withdrawn without a restart; while they cannot be read the last good ones hold.
 * Used by the source's one thread.
 */
public final class CommandVerification {
    private static final Logger LOG = LoggerFactory.getLogger(CommandVerification.class);
    private static final long REREAD_MILLIS = 5_000;
    private static final int REMEMBERED = 4_096;

    private final List<Path> places;
    private final SidecarClock clock;
    private final Set<RefusedCommand> told = new LinkedHashSet<>();
    private final DistinctErrors errors = new DistinctErrors(LOG);
    private PublicKeys keys;
    private long readAtMs;

    private CommandVerification(List<Path> places, PublicKeys keys, SidecarClock clock) {
        this.places = List.copyOf(places);
        this.keys = keys;
        this.clock = clock;
        this.readAtMs = clock.millis();
    }

    /**
     * Verification against the keys in these files and folders; where none is named every command is believed, with a warning.
     *
     * @throws IOException in one line, when a key cannot be read or there is none
     */
    public static CommandVerification by(List<Path> places, SidecarClock clock) throws IOException {
        PublicKeys keys = PublicKeys.read(places);
        if (places.isEmpty()) {
            LOG.warn("commands are not verified: whoever may write to their topic may command (commands.public-keys)");
        }
        if (!places.isEmpty() && keys.isEmpty()) {
            throw new IOException("there is no *.pem file in " + places);
        }
        return new CommandVerification(places, keys, clock);
    }

    /** Believes every command: whoever may write to the topic may command. */
    public static CommandVerification none(SidecarClock clock) {
        return new CommandVerification(List.of(), new PublicKeys(Map.of()), clock);
    }

    /** Why a record is not to be believed; empty when it is. */
    Optional<SignatureProblem> problemOf(String topic, @Nullable String key, byte @Nullable [] value, Headers headers) {
        if (places.isEmpty()) {
            return Optional.empty();
        }
        rereadWhenDue();
        return RecordSignature.problem(keys, topic, key, value, headers);
    }

    /** Whether this refusal has not been told yet: topics are read again when a session asks for it. */
    boolean isNews(RefusedCommand refused) {
        if (told.size() >= REMEMBERED) {
            told.remove(told.iterator().next());
        }
        return told.add(refused);
    }

    private void rereadWhenDue() {
        long now = clock.millis();
        if (now - readAtMs < REREAD_MILLIS) {
            return;
        }
        readAtMs = now;
        try {
            keys = PublicKeys.read(places);
        } catch (IOException e) {
            errors.warn("the public keys cannot be read again, the last ones hold", e);
        }
    }
}
