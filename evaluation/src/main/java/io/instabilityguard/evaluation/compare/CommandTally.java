package io.instabilityguard.evaluation.compare;

import io.instabilityguard.evaluation.history.RunListener;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Counts the commands of runs whose names begin alike, and steps that the sidecar never reported. Thread-safe. */
final class CommandTally implements RunListener {
    private final List<InterventionCommand> commands = new ArrayList<>();
    private long dropped;

    @Override
    public synchronized void onCommand(InterventionCommand command) {
        commands.add(command);
    }

    @Override
    public synchronized void onTelemetry(StepTelemetry telemetry) {
        dropped += telemetry.getDroppedMessages();
    }

    int commands(String prefix) {
        return count(prefix, command -> true);
    }

    /** Commands that touch weights. */
    int weightCommands(String prefix) {
        return count(prefix, command -> command.getKind() != InterventionKind.SCALE_LEARNING_RATE);
    }

    private synchronized int count(String prefix, Predicate<InterventionCommand> which) {
        return (int) commands.stream()
                .filter(command -> belongsTo(command, prefix))
                .filter(which)
                .count();
    }

    /** Different anomalies that were answered by a command. */
    synchronized int actedOnAnomalies(String prefix) {
        return (int) commands.stream()
                .filter(command -> belongsTo(command, prefix))
                .map(command -> command.getRun() + " " + command.getAnomalyId())
                .distinct()
                .count();
    }

    /** Messages lost between trainers and Kafka, over all runs. */
    synchronized long dropped() {
        return dropped;
    }

    private static boolean belongsTo(InterventionCommand command, String prefix) {
        return command.getRun().matches(prefix + "-\\d+");
    }
}
