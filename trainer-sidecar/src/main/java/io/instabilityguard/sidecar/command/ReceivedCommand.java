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
 * @param undoes id of the command that a ROLL_BACK undoes or a CANCEL cancels; empty for other kinds
 * @param holder who held the run when it was commanded; empty when the guard knew no leases
 * @param epoch fencing token of that holder; 0 when the guard knew no leases
 * @param approver operator who wanted it; empty for none
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
        String holder,
        long epoch,
        String approver,
        int partition,
        long offset) {
    /** Kind of a command that ends another one before it is applied. */
    static final String CANCEL = "CANCEL";

    /** Copies the collections. A journal of an earlier version knows neither {@code undoes} nor leases. */
    public ReceivedCommand {
        layers = List.copyOf(layers);
        parameters = Map.copyOf(parameters);
        undoes = Objects.requireNonNullElse(undoes, "");
        holder = Objects.requireNonNullElse(holder, "");
        approver = Objects.requireNonNullElse(approver, "");
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
                command.getHolder(),
                command.getEpoch(),
                command.getApprover(),
                partition,
                offset);
    }

    boolean isCancel() {
        return kind.equals(CANCEL);
    }

    SidecarMessage.Command message() {
        return new SidecarMessage.Command(
                id, kind, layers, parameters, decidedAtStep, applyAtStep, expiresAtStep, undoes);
    }

    /** Why it cannot be applied any more. */
    String whyExpired(long lastStep) {
        return "the trainer is at step " + lastStep + ", past " + expiresAtStep;
    }

    /** Why it is not for this session. */
    String whyVoid(SessionKey session) {
        return run.equals(session.run()) && key.equals(session.run())
                ? "it is for generation " + generation + ", the trainer is " + session.generation()
                : "its record key is " + key + ", its run is " + run;
    }
}
