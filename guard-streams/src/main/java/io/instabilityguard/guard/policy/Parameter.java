package io.instabilityguard.guard.policy;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A parameter of a kind of intervention.
 *
 * @param name name in policy and command
 * @param least smallest value allowed
 * @param most largest value allowed
 * @param isWhole whether it must be a whole number
 * @param isRequired whether a policy must set it; otherwise a missing one is left to the trainer's hook
 */
record Parameter(String name, double least, double most, boolean isWhole, boolean isRequired) {

    static Parameter number(String name, double least, double most) {
        return new Parameter(name, least, most, false, false);
    }

    static Parameter whole(String name, int least, int most) {
        return new Parameter(name, least, most, true, false);
    }

    Parameter required() {
        return new Parameter(name, least, most, isWhole, true);
    }

    /** What is wrong with a value, null when it is missing; empty when nothing is. */
    Optional<String> problemOf(@Nullable Double value) {
        if (value == null) {
            return isRequired ? Optional.of("parameter " + name + " is missing") : Optional.empty();
        }
        boolean fits = value >= least && value <= most && (!isWhole || value == Math.rint(value));
        String expected = (isWhole ? "a whole number" : "a number") + " from " + least + " to " + most;
        return fits ? Optional.empty() : Optional.of("parameter " + name + "=" + value + " is not " + expected);
    }

    /** The value in a section. */
    double in(Section section) {
        return isWhole ? section.whole(name, (int) least, (int) most) : section.number(name, least, most);
    }
}
