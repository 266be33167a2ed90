package io.instabilityguard.sidecar.command;

import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.sidecar.frame.SidecarMessage;
import java.util.List;
import java.util.Map;

/**
 * A command as the sidecar keeps it, with the place where it was read. The same id read again at the same place is the same
 * command; at a later place it is a duplicate.
 *
 * @param key key of the record: the run whose partition it is in
 * @param run the run that it names
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
        int partition,
        long offset) {
    /** Copies the collections. */
    public ReceivedCommand {
        layers = List.copyOf(layers);
        parameters = Map.copyOf(parameters);
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
                partition,
                offset);
    }

    SidecarMessage.Command message() {
        return new SidecarMessage.Command(id, kind, layers, parameters, applyAtStep, expiresAtStep);
    }
}
