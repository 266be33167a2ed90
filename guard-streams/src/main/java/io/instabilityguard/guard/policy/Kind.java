package io.instabilityguard.guard.policy;

import static io.instabilityguard.guard.policy.Parameter.number;
import static io.instabilityguard.guard.policy.Parameter.whole;

import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.MatrixRole;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** What a rung can do: the kind of its commands, what they touch, and their parameters with the range of each. */
public enum Kind {
    /** Replaces matrices by their polar factor, Frobenius norm kept. */
    APPLY_MSIGN(
            InterventionKind.APPLY_MSIGN,
            Target.MATRICES,
            true,
            whole("steps", 0, 64).required(),
            whole("moments", 0, 2),
            whole("repeatEvery", 0, 1_000_000),
            whole(Kind.FOR_STEPS, 1, 1_000_000)),
    /** Puts doubly stochastic matrices in the place of static hyper-connection matrices. */
    REPROJECT_HC(
            InterventionKind.REPROJECT_HC,
            Target.MIXING_MATRICES,
            true,
            whole("iterations", 1, 10_000),
            number("epsilon", 1e-30, 1)),
    /** The forward pass mixes with the doubly stochastic projection from now on, or no more. */
    SWITCH_HC(InterventionKind.SWITCH_HC, Target.NAMED, true, whole("on", 0, 1)),
    /** Adds the Koopman penalty to the loss. */
    ENABLE_KSS(
            InterventionKind.ENABLE_KSS,
            Target.NAMED,
            true,
            number("strength", 0, 1_000),
            whole("every", 1, 100_000),
            whole(Kind.FOR_STEPS, -1, 1_000_000)),
    /** Takes it away. */
    DISABLE_KSS(InterventionKind.DISABLE_KSS, Target.NOTHING, false),
    /** Scales the learning rate down. */
    SCALE_LEARNING_RATE(
            InterventionKind.SCALE_LEARNING_RATE,
            Target.NOTHING,
            true,
            number("factor", 1e-6, 0.999999).required(),
            number("floor", 0, 1).required(),
            number("regrowthPerStep", 1, 2).required(),
            whole("recoverAfterSteps", 0, 1_000_000)),
    /** Scales query and key of the heads whose logits are too large. */
    CLIP_ATTENTION_LOGITS(
            InterventionKind.CLIP_ATTENTION_LOGITS,
            Target.QUERY_KEY_PAIRS,
            true,
            number("threshold", 1e-3, 1e6).required()),
    /** Samples weights and activations more often for a time. */
    SAMPLE_EVERY(
            InterventionKind.SAMPLE_EVERY,
            Target.NOTHING,
            false,
            whole("every", 1, 100_000).required(),
            whole(Kind.FOR_STEPS, 1, 1_000_000)),
    /** Asks the trainer for a checkpoint. */
    SAVE_CHECKPOINT(InterventionKind.SAVE_CHECKPOINT, Target.NOTHING, false),
    /** Asks the trainer to go back and to skip data. */
    REWIND_AND_SKIP(
            InterventionKind.REWIND_AND_SKIP,
            Target.NOTHING,
            false,
            whole("backSteps", 1, 1_000_000),
            whole("skipSteps", 0, 1_000_000)),
    /** Asks the trainer to pause. */
    PAUSE(InterventionKind.PAUSE, Target.NOTHING, false),
    /** Commands nothing and calls a person. */
    PAGE(InterventionKind.UNKNOWN, Target.NOTHING, false);

    /** Parameter of a policy that becomes {@code untilStep} of the command: so many steps from its application on; -1 until further notice. */
    public static final String FOR_STEPS = "forSteps";

    private static final Set<Kind> NOT_CURES = EnumSet.of(SAMPLE_EVERY, SAVE_CHECKPOINT, PAUSE, PAGE);

    private final InterventionKind command;
    private final Target target;
    private final boolean undoable;
    private final List<Parameter> parameters;

    Kind(InterventionKind command, Target target, boolean undoable, Parameter... parameters) {
        this.command = command;
        this.target = target;
        this.undoable = undoable;
        this.parameters = List.of(parameters);
    }

    /** What the commands of a kind touch. */
    public enum Target {
        /** Matrices chosen by role and depth. */
        MATRICES,
        /** Static hyper-connection matrices, all of them. */
        MIXING_MATRICES,
        /** Query and key of every block that has both. */
        QUERY_KEY_PAIRS,
        /** Blocks or mixers named by their paths; all when none is named. */
        NAMED,
        /** The whole model. */
        NOTHING
    }

    /** The kind of its commands; UNKNOWN for {@link #PAGE}, which commands nothing. */
    public InterventionKind command() {
        return command;
    }

    /** The kind whose commands are of this kind, which is none for those that only follow from other commands. */
    public static Optional<Kind> of(InterventionKind command) {
        return EnumSet.allOf(Kind.class).stream()
                .filter(kind -> kind != PAGE && kind.command == command)
                .findFirst();
    }

    /** What is wrong with parameters, under the names of the policy; empty when nothing is. */
    public Optional<String> problemOf(Map<String, Double> values) {
        Set<String> unknown = new TreeSet<>(values.keySet());
        parameters.forEach(parameter -> unknown.remove(parameter.name()));
        return unknown.isEmpty()
                ? parameters.stream()
                        .flatMap(parameter -> parameter.problemOf(values.get(parameter.name())).stream())
                        .findFirst()
                : Optional.of(this + " has no parameter " + String.join(", ", unknown));
    }

    /** What is wrong with names of what is to be touched, whatever the model; empty when nothing is. */
    public Optional<String> problemOf(List<String> layers) {
        boolean needsNames =
                target == Target.MATRICES || target == Target.MIXING_MATRICES || target == Target.QUERY_KEY_PAIRS;
        if (needsNames && layers.isEmpty()) {
            return Optional.of(this + " needs the names of the matrices to touch");
        }
        boolean isOfModel = target == Target.NOTHING && !layers.isEmpty();
        return isOfModel ? Optional.of(this + " is for the whole model: it takes no layers") : Optional.empty();
    }

    /** What its commands touch. */
    public Target target() {
        return target;
    }

    /** Whether ROLL_BACK can undo it. */
    public boolean isUndoable() {
        return undoable;
    }

    /** Whether it is meant to end the anomaly, rather than to look closer or to save what can be saved. */
    public boolean isCure() {
        return !NOT_CURES.contains(this);
    }

    /** The parameters that it takes. */
    List<Parameter> parameters() {
        return parameters;
    }

    /** Roles that it touches whatever the policy says; empty when the policy says it. */
    public Set<MatrixRole> fixedRoles() {
        return switch (target) {
            case MIXING_MATRICES -> Set.of(MatrixRole.RESIDUAL_MIXING);
            case QUERY_KEY_PAIRS -> Set.of(MatrixRole.QUERY, MatrixRole.KEY);
            case MATRICES, NAMED, NOTHING -> Set.of();
        };
    }
}
