package io.instabilityguard.sidecar.command;

import io.instabilityguard.schemas.signature.SignatureProblem;
import java.util.List;
import java.util.Map;

/**
 * A record among the commands that is not believed. Nothing of its value has been decoded: all that is known is where it stands.
 *
 * @param key key of the record: the run that it would be for
 */
public record RefusedCommand(String key, int partition, long offset, SignatureProblem problem) {
    /**
     * What an outcome can speak of. Its id is its place and not what the record claims: a forger could otherwise have a true command, or
     * one to come, reported as refused.
     */
    ReceivedCommand in(SessionKey session) {
        return new ReceivedCommand(
                "unverified/" + partition + "/" + offset,
                key,
                session.run(),
                session.generation(),
                "UNKNOWN",
                List.of(),
                Map.of(),
                -1,
                -1,
                -1,
                "",
                "",
                0,
                "",
                partition,
                offset);
    }
}
