package io.instabilityguard.sidecar.command;

import io.instabilityguard.schemas.signature.RecordVerification;
import io.instabilityguard.schemas.signature.SignatureProblem;
import io.instabilityguard.sidecar.errors.DistinctErrors;
import io.instabilityguard.sidecar.report.SidecarClock;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the guard's commands from anybody else's by their signatures, and each refusal once. Used by the source's one thread. */
public final class CommandVerification {
    private static final Logger LOG = LoggerFactory.getLogger(CommandVerification.class);
    private static final int REMEMBERED = 4_096;

    private final RecordVerification verification;
    private final Set<RefusedCommand> told = new LinkedHashSet<>();

    private CommandVerification(RecordVerification verification) {
        this.verification = verification;
    }

    /**
     * Verification against the keys in these files and folders; where none is named every command is believed, with a warning.
     *
     * @throws IOException in one line, when a key cannot be read or there is none
     */
    public static CommandVerification by(List<Path> places, SidecarClock clock) throws IOException {
        if (places.isEmpty()) {
            LOG.warn("commands are not verified: whoever may write to their topic may command (commands.public-keys)");
        }
        DistinctErrors errors = new DistinctErrors(LOG);
        return new CommandVerification(RecordVerification.by(
                places,
                clock::millis,
                problem -> errors.warn("the public keys cannot be read again, the last ones hold", problem)));
    }

    /** Believes every command: whoever may write to the topic may command. */
    public static CommandVerification none() {
        return new CommandVerification(RecordVerification.NONE);
    }

    /** Why a record is not to be believed; empty when it is. */
    Optional<SignatureProblem> problemOf(String topic, @Nullable String key, byte @Nullable [] value, Headers headers) {
        return verification.problemOf(topic, key, value, headers);
    }

    /** Whether this refusal has not been told yet: topics are read again when a session asks for it. */
    boolean isNews(RefusedCommand refused) {
        if (told.size() >= REMEMBERED) {
            told.remove(told.iterator().next());
        }
        return told.add(refused);
    }
}
