package io.instabilityguard.sidecar.frame;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import java.util.Map;

/** What the sidecar says to the trainer's hook, one record per message of the protocol. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonInclude(JsonInclude.Include.ALWAYS)
@JsonSubTypes({
    @JsonSubTypes.Type(value = SidecarMessage.Welcome.class, name = "WELCOME"),
    @JsonSubTypes.Type(value = SidecarMessage.Refused.class, name = "REFUSED"),
    @JsonSubTypes.Type(value = SidecarMessage.Sampled.class, name = "SAMPLED"),
    @JsonSubTypes.Type(value = SidecarMessage.Command.class, name = "COMMAND"),
    @JsonSubTypes.Type(value = SidecarMessage.Cancel.class, name = "CANCEL"),
    @JsonSubTypes.Type(value = SidecarMessage.Ready.class, name = "READY"),
    @JsonSubTypes.Type(value = SidecarMessage.Reject.class, name = "REJECT"),
    @JsonSubTypes.Type(value = SidecarMessage.Progress.class, name = "PROGRESS")
})
public sealed interface SidecarMessage {

    /**
     * The session is open. Waits at one boundary may take {@code commandTimeoutMs} together. With {@code deviceStaging} the slots of the
     * matrices are from now on those of the device memory that HELLO offered; without, {@code deviceStagingReason} says why an offer
     * was declined.
     */
    record Welcome(
            int version, String session, long commandTimeoutMs, boolean deviceStaging, String deviceStagingReason)
            implements SidecarMessage {}

    /** The sidecar closes the session, and why. */
    record Refused(String reason) implements SidecarMessage {}

    /** The sample of {@code step} has been read: the slots are the hook's again. */
    record Sampled(long step) implements SidecarMessage {}

    /**
     * A command, pending until its boundary. {@code layers} are names of matrices, blocks or mixers as the kind has it, empty for
     * whole-model kinds; {@code undoes} is the id of the command to roll back, empty for the other kinds.
     */
    record Command(
            String id,
            String kind,
            List<String> layers,
            Map<String, Double> parameters,
            long decidedAtStep,
            long applyAtStep,
            long expiresAtStep,
            String undoes)
            implements SidecarMessage {
        /** Copies the collections. */
        public Command {
            layers = List.copyOf(layers);
            parameters = Map.copyOf(parameters);
        }
    }

    /** The command is not to be applied any more; the hook says what became of it, which may be that it was applied before. */
    record Cancel(String id, String reason) implements SidecarMessage {}

    /** Answer to {@code APPLY}: the slots hold the new matrices and are the hook's again. */
    record Ready(String id, List<ReadyMatrix> matrices) implements SidecarMessage {
        /** Copies the list. */
        public Ready {
            matrices = List.copyOf(matrices);
        }
    }

    /** One matrix of {@link Ready}: {@code crc32} of the slot's bytes when replaced (else 0), a reason when not, numbers of the kind. */
    record ReadyMatrix(int index, boolean replaced, long crc32, String reason, Map<String, Double> measurements) {
        /** Copies the map. */
        public ReadyMatrix {
            measurements = Map.copyOf(measurements);
        }
    }

    /** Answer to {@code APPLY} when the sidecar will not do it: nothing was written, the slots are the hook's again. */
    record Reject(String id, String reason) implements SidecarMessage {}

    /** Lockstep: the guard has consumed everything up to {@code step}, and its commands have been sent. */
    record Progress(long step) implements SidecarMessage {}
}
