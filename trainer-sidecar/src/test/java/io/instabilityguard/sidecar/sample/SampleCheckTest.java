package io.instabilityguard.sidecar.sample;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookMessage.MixerSampled;
import io.instabilityguard.sidecar.frame.HookMessage.Statistic;
import io.instabilityguard.sidecar.frame.HookMessage.Step;
import io.instabilityguard.sidecar.frame.Messages;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SampleCheckTest {
    private static final Statistic LOGITS = new Statistic("attentionLogit", "blocks.0", 0, List.of(3.0, 4.0));
    private final SampleCheck check = new SampleCheck(hello());

    @Test
    void shouldTakeWhatFits() {
        Step step = Messages.sampled(
                7,
                List.of(8, 0),
                List.of(new MixerSampled(1, true), new MixerSampled(0, false)),
                List.of(LOGITS),
                "why");

        SampleContents contents = check.check(step);

        assertThat(contents.refusals()).isEmpty();
        assertThat(contents.snapshotTokens()).containsExactly(8, 0);
        assertThat(contents.mixers()).hasSize(2);
        assertThat(contents.statistics()).containsExactly(LOGITS);
        assertThat(contents.omissions()).containsExactly("why");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "blocks", "blocks.0", "blocks.0.attention", "blocks.0.attention.query", "mix.0"})
    void shouldKnowMatricesTheModulesAroundThemBlocksAndMixers(String layer) {
        Statistic statistic = new Statistic("exactBlockNorm", layer, 0, List.of(1.0));

        assertThat(check.check(statistics(statistic)).statistics()).containsExactly(statistic);
    }

    @ParameterizedTest
    @MethodSource("hostileTokens")
    void shouldTakeNoSnapshotWhoseLengthIsImpossible(List<Integer> tokens, String named) {
        SampleContents contents = check.check(Messages.sampled(7, tokens, List.of(), List.of()));

        assertThat(contents.snapshotTokens()).containsExactly(0, 0);
        assertThat(contents.refusals()).singleElement().asString().contains(named, "send");
    }

    static Stream<Arguments> hostileTokens() {
        return Stream.of(
                Arguments.of(List.of(8), "snapshotTokens has 1 entries"),
                Arguments.of(Collections.nCopies(90, 1), "snapshotTokens has 90 entries"),
                Arguments.of(List.of(9, 0), "snapshotTokens[0] of blocks.0 is 9"),
                Arguments.of(List.of(0, -1), "snapshotTokens[1] of blocks.1 is -1"),
                Arguments.of(List.of(Integer.MIN_VALUE, 0), "is -2147483648"));
    }

    @Test
    void shouldTakeEachMixerOnceAndNoneThatIsUnknown() {
        List<MixerSampled> said = List.of(
                new MixerSampled(1, true),
                new MixerSampled(1, false),
                new MixerSampled(2, true),
                new MixerSampled(-1, true));

        SampleContents contents = check.check(Messages.sampled(7, List.of(0, 0), said, List.of()));

        assertThat(contents.mixers()).containsExactly(new MixerSampled(1, true));
        assertThat(contents.refusals())
                .hasSize(3)
                .allMatch(line -> line.startsWith("mixersSampled: index "))
                .anyMatch(line -> line.contains("index 1 came twice"));
    }

    @ParameterizedTest
    @MethodSource("hostileStatistics")
    void shouldNameWhatIsWrongWithAStatistic(Statistic statistic, String named) {
        SampleContents contents = check.check(statistics(LOGITS, statistic));

        assertThat(contents.statistics()).containsExactly(LOGITS);
        assertThat(contents.refusals())
                .singleElement()
                .asString()
                .startsWith("statistics: ")
                .contains(named)
                .doesNotContain("\n")
                .hasSizeLessThan(320);
    }

    static Stream<Arguments> hostileStatistics() {
        return Stream.of(
                statistic("attentionEntropy", "blocks.9", 0, "layer that HELLO does not know", 1.0),
                statistic("attentionEntropy", "blocks.0", 0, "no finite float32", 1.0, Double.NaN),
                statistic("attentionEntropy", "blocks.0", 0, "no finite float32", Double.POSITIVE_INFINITY, 1.0),
                statistic("attentionEntropy", "blocks.0", 0, "no finite float32", 1e300, 1.0),
                statistic("attentionEntropy", "blocks.0", 0, "one for each of 2 heads", 1.0, 2.0, 3.0),
                statistic("attentionEntropy", "blocks.0", 0, "has 0 values"),
                statistic("attentionEntropy", "blocks.0", -2, "has depth -2", 1.0),
                statistic("attentionLogit", "blocks.0", 0, "came twice", 1.0),
                statistic("updateRatio", "blocks.0", 0, "no metric of the hook's", 1.0),
                statistic("Drop\ntable", "blocks.0", 0, "no metric of the hook's", 1.0),
                statistic("x".repeat(5_000), "blocks.0", 0, "x", 1.0));
    }

    private static Arguments statistic(String metric, String layer, int depth, String named, Double... values) {
        return Arguments.of(new Statistic(metric, layer, depth, List.of(values)), named);
    }

    @Test
    void shouldTakeNothingWithoutASample() {
        Step with = Messages.sampled(7, List.of(8, 8), List.of(), List.of(LOGITS), "why\n\tnot");
        Step without = new Step(
                7,
                2,
                1,
                0.1,
                1,
                5,
                false,
                0,
                0,
                1,
                1,
                0,
                with.snapshotTokens(),
                List.of(),
                with.statistics(),
                with.omissions(),
                "");

        SampleContents contents = check.check(without);

        assertThat(contents.snapshotTokens()).containsExactly(0, 0);
        assertThat(contents.statistics()).isEmpty();
        assertThat(contents.omissions()).containsExactly("why not");
        assertThat(contents.refusals()).singleElement().asString().contains("without a sample");
    }

    private static Step statistics(Statistic... statistics) {
        return Messages.sampled(7, List.of(0, 0), List.of(), List.of(statistics));
    }

    private static Hello hello() {
        return Messages.hello("run-1", 5)
                .matrix("blocks.0.attention.query", Hello.Role.QUERY, 4, 4, "float32")
                .snapshot("blocks.0", 0, 4, 8, "float32")
                .snapshot("blocks.1", 1, 4, 8, "float32")
                .mixer("mix.0", 0, 2, 2, "")
                .mixer("mix.1", 1, 2, 2, "")
                .heads("blocks.0", 2)
                .build();
    }
}
