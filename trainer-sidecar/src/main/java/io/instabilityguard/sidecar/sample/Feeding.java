package io.instabilityguard.sidecar.sample;

import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.Hello.Role;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Which tracked matrix feeds which: the nearest earlier one whose output the other takes in, in a pre-norm transformer. Mixing
 * matrices of hyper-connections take no part.
 */
final class Feeding {
    private Feeding() {}

    /** The index of the matrix that feeds matrix {@code index}; empty when none is tracked. */
    static OptionalInt of(List<Hello.Matrix> matrices, int index) {
        Set<Role> feeders = feeders(matrices.get(index).role());
        for (int i = index - 1; i >= 0; i--) {
            if (feeders.contains(matrices.get(i).role())) {
                return OptionalInt.of(i);
            }
        }
        return OptionalInt.empty();
    }

    private static Set<Role> feeders(Role role) {
        return switch (role) {
            case QUERY, KEY, VALUE -> Set.of(Role.MLP_DOWN);
            case OUTPUT -> Set.of(Role.VALUE);
            case MLP_UP -> Set.of(Role.OUTPUT);
            case MLP_DOWN -> Set.of(Role.MLP_UP);
            case RESIDUAL_MIXING -> Set.of();
            case OTHER -> EnumSet.complementOf(EnumSet.of(Role.RESIDUAL_MIXING));
        };
    }
}
