package io.instabilityguard.guard.replay;

import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.InterventionOutcome;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What commands cost the trainer, in training steps of median length: how long it stood still, the slowest process of each command.
 *
 * @param byCommand cost of each command that has an outcome
 * @param meanByKind mean cost of the commands of a kind
 */
public record CommandCosts(Map<String, Double> byCommand, Map<String, Double> meanByKind) {

    /** Nothing is known. */
    static final CommandCosts NONE = new CommandCosts(Map.of(), Map.of());

    /** Ids of commands are {@code run/generation/kind/step}. */
    private static final int KIND = 2;

    /**
     * What a list of commands costs.
     *
     * @param measured of those that were carried out in the recording, step-equivalents
     * @param estimated of those that were not: as much as others of their kind on average
     * @param unknown commands of kinds that were never carried out
     */
    public record Bill(double measured, double estimated, long unknown) {}

    /** Keeps its own copies. */
    public CommandCosts {
        byCommand = Map.copyOf(byCommand);
        meanByKind = Map.copyOf(meanByKind);
    }

    /** Costs as outcomes tell them, in a run whose steps took this long (milliseconds). Without any step time nothing is known. */
    static CommandCosts of(List<InterventionOutcome> outcomes, double[] stepMillis) {
        double usual = median(stepMillis);
        Map<String, Double> costs = new TreeMap<>();
        if (usual > 0) {
            outcomes.forEach(outcome -> {
                double millis =
                        Double.isFinite(outcome.getHookMillis()) ? outcome.getHookMillis() : outcome.getComputeMillis();
                if (Double.isFinite(millis) && millis > 0) {
                    costs.merge(outcome.getCommandId(), millis / usual, Math::max);
                }
            });
        }
        return new CommandCosts(
                costs,
                costs.entrySet().stream()
                        .collect(Collectors.groupingBy(
                                cost -> kindOf(cost.getKey()), Collectors.averagingDouble(Map.Entry::getValue))));
    }

    /** What these decisions command, propose or would have commanded. */
    public Bill of(Decided decided) {
        double measured = 0;
        double estimated = 0;
        long unknown = 0;
        for (String command : commands(decided)) {
            Double own = byCommand.get(command);
            Double others = meanByKind.get(kindOf(command));
            measured += own == null ? 0 : own;
            estimated += own == null && others != null ? others : 0;
            unknown += own == null && others == null ? 1 : 0;
        }
        return new Bill(measured, estimated, unknown);
    }

    /** Ids of everything that was commanded, proposed or would have been commanded. */
    static Set<String> commands(Decided decided) {
        return decided.decisions().stream()
                .filter(decision -> !decision.getCommandId().isEmpty())
                .filter(decision -> switch (decision.getAction()) {
                    case COMMAND, WOULD_COMMAND, PROPOSE -> true;
                    default -> false;
                })
                .map(Decision::getCommandId)
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    private static String kindOf(String command) {
        String[] parts = command.split("/", -1);
        return parts.length > KIND ? parts[KIND] : command;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted.length == 0 ? Double.NaN : sorted[sorted.length / 2];
    }
}
