package io.instabilityguard.evaluation.chaos.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FaultPlanTest {
    @Test
    void shouldDeriveATrialFromSeedAndNumberOnly() {
        assertThat(FaultPlan.of(7, 31)).isEqualTo(FaultPlan.of(7, 31));
        assertThat(FaultPlan.of(8, 31)).isNotEqualTo(FaultPlan.of(7, 31));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 99})
    void shouldDoEveryKindOfFaultWithinTwentyTrials(long seed) {
        Set<FaultKind> kinds = IntStream.range(0, 20)
                .mapToObj(trial -> FaultPlan.of(seed, trial))
                .flatMap(List::stream)
                .map(Fault::kind)
                .collect(Collectors.toSet());
        assertThat(kinds).containsExactlyInAnyOrder(FaultKind.values());
    }

    @Test
    void shouldLetSomeFaultsFallIntoInterventions() {
        assertThat(IntStream.range(0, 20)
                        .mapToObj(trial -> FaultPlan.of(1, trial))
                        .flatMap(List::stream))
                .extracting(Fault::command)
                .contains(0)
                .anyMatch(command -> command > 0);
    }
}
