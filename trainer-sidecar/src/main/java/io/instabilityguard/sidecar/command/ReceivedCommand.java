package io.instabilityguard.sidecar.command;

import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.sidecar.frame.SidecarMessage;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A command as the sidecar keeps it, with the place where it was read. The same id read again at the same place is the same
 * command; at a later place it is a duplicate.
 *
 * @param key key of the record: the run whose partition it is in
 * @param run the run that it names
 * @param undoes id of the command that a ROLL_BACK undoes; empty for other kinds
 */
public record ReceivedCommand(
        String id,
        String key,
        String run,
        long generation,
        String kind,
        List<String> layers,
        Map<String, Double> parameters,
        long decidedAtStep,
        long applyAtStep,
        long expiresAtStep,
        String undoes,
        int partition,
        long offset) {
    /** Copies the collections. A journal of an earlier version knows no {@code undoes}. */
    public ReceivedCommand {
        layers = List.copyOf(layers);
        parameters = Map.copyOf(parameters);
        undoes = Objects.requireNonNullElse(undoes, "");
    }

    /** The command of a record. */
    public static ReceivedCommand of(String key, InterventionCommand command, int partition, long offset) {
        return new ReceivedCommand(
                command.getId(),
                key,
                command.getRun(),
                command.getGeneration(),
                command.getKind().name(),
                command.getLayers(),
                command.getParameters(),
                command.getDecidedAtStep(),
                command.getApplyAtStep(),
                command.getExpiresAtStep(),
                command.getUndoes(),
                partition,
                offset);
    }

    SidecarMessage.Command message() {
        return new SidecarMessage.Command(
                id, kind, layers, parameters, decidedAtStep, applyAtStep, expiresAtStep, undoes);
    }
}
