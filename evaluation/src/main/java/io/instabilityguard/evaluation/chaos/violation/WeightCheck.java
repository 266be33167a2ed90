package io.instabilityguard.evaluation.chaos.violation;

import io.instabilityguard.evaluation.chaos.violation.RankLog.Applied;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Trains one rank once more, with the commands of the topic in the place of the guard: every step's weights must be the same to the last bit, and what a
 * command did must be what its kind says.
 */
final class WeightCheck {
    private final RunFacts facts;
    private final RankLog log;
    private final Map<String, InterventionCommand> commands;
    private final Training training;
    private final LearningRate rate = new LearningRate();
    private final Map<String, Map<String, float[]>> images = new HashMap<>();
    private final List<Violation> found = new ArrayList<>();

    private WeightCheck(RunFacts facts, RankLog log, RankLog.Start start, Map<String, InterventionCommand> commands) {
        this.facts = facts;
        this.log = log;
        this.commands = commands;
        this.training = new Training(start.weights(), facts.seed(), facts.ranks());
    }

    /** Every unexplained change of this rank's weights or learning rate; after the first there is nothing to compare with. */
    static List<Violation> of(RunFacts facts, RankLog log, Map<String, InterventionCommand> commands) {
        RankLog.Start start = log.start();
        if (start == null) {
            return List.of();
        }
        WeightCheck check = new WeightCheck(facts, log, start, commands);
        check.replay(start.step());
        return check.found;
    }

    private void replay(long first) {
        long expected = first;
        for (RankLog.Step step : log.steps()) {
            if (step.step() != expected) {
                complain("step " + step.step() + " follows step " + (expected - 1));
            } else {
                pass(step);
            }
            if (!found.isEmpty()) {
                return;
            }
            expected++;
        }
        RankLog.End end = log.end();
        if (end != null && !isSame(end.weights(), training.weights())) {
            complain("the weights at the end are not those of the replay");
        }
    }

    private void pass(RankLog.Step step) {
        training.descend(step.step(), rate.scale());
        if (training.crc() != step.crc()) {
            complain("the weights that went into step " + step.step()
                    + " are not what training made of those of the step before: something else wrote to them");
            return;
        }
        rate.regrow();
        Map<String, List<InterventionCommand>> touching = new HashMap<>();
        for (Applied applied : step.applied()) {
            InterventionCommand command = commands.get(applied.id());
            if (command != null) {
                enter(command, step, touching);
            }
        }
        if (rate.scale() != step.scale()) {
            complain("the learning rate's factor after step " + step.step() + " is " + step.scale()
                    + ", the commands make it " + rate.scale());
        }
        explain(step, touching);
        step.after().forEach(training::put);
    }

    private void enter(
            InterventionCommand command, RankLog.Step step, Map<String, List<InterventionCommand>> touching) {
        if (command.getKind() == InterventionKind.SCALE_LEARNING_RATE) {
            rate.lower(command.getId(), command.getParameters());
            return;
        }
        Set<String> layers = new TreeSet<>(command.getLayers());
        if (command.getKind() == InterventionKind.ROLL_BACK) {
            rate.restore(command.getUndoes());
            layers.addAll(images.getOrDefault(command.getUndoes(), Map.of()).keySet());
        }
        layers.retainAll(step.before().keySet());
        Map<String, float[]> image = new HashMap<>(step.before());
        image.keySet().retainAll(layers);
        images.put(command.getId(), image);
        layers.forEach(layer ->
                touching.computeIfAbsent(layer, key -> new ArrayList<>()).add(command));
    }

    /** Where several commands came upon one matrix at one boundary, what was in between is not known. */
    private void explain(RankLog.Step step, Map<String, List<InterventionCommand>> touching) {
        step.after().forEach((layer, after) -> {
            float[] before = step.before().getOrDefault(layer, after);
            List<InterventionCommand> by = touching.getOrDefault(layer, List.of());
            String problem = by.isEmpty()
                    ? "no command that was applied names it"
                    : by.size() > 1 ? null : problem(by.get(0), layer, before, after);
            if (problem != null) {
                complain("step " + step.step() + " changed " + layer + ": " + problem);
            }
        });
    }

    private @Nullable String problem(InterventionCommand command, String layer, float[] before, float[] after) {
        boolean explained = switch (command.getKind()) {
            case APPLY_MSIGN -> Matrices.isRescaledPolarFactor(before, after);
            case CLIP_ATTENTION_LOGITS -> Matrices.isScaled(before, after, clip(command));
            case ROLL_BACK ->
                Arrays.equals(
                        after,
                        images.getOrDefault(command.getUndoes(), Map.of()).get(layer));
            default -> false;
        };
        return explained ? null : "it is not what " + command.getId() + " makes of it";
    }

    /** Query and key share the fall of the logits, which are bilinear in them. */
    private static double clip(InterventionCommand command) {
        return Math.sqrt(command.getParameters().getOrDefault("threshold", Double.NaN) / Alarm.ATTENTION_LOGIT.value());
    }

    private static boolean isSame(Map<String, float[]> some, Map<String, float[]> others) {
        return some.keySet().equals(others.keySet())
                && some.entrySet().stream().allMatch(each -> Arrays.equals(each.getValue(), others.get(each.getKey())));
    }

    private void complain(String text) {
        found.add(new Violation(Invariant.WEIGHTS_EXPLAINED, facts.run(), log.name() + ": " + text));
    }
}
