package io.instabilityguard.sidecar.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookMessage.Statistic;
import io.instabilityguard.sidecar.frame.Messages;
import io.instabilityguard.sidecar.report.SidecarMetrics;
import io.instabilityguard.sidecar.spectrum.EjmlBackend;
import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import io.instabilityguard.sidecar.spectrum.SpectrumProbe;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What each kind writes, and on what it is refused; no files. */
class RewritingsTest {
    private static final int QUERY = 0;
    private static final int KEY = 1;
    private static final int MIX = 2;
    private static final int VALUE = 3;

    private final Hello hello = Messages.hello("run-1", 5)
            .matrix("query", Hello.Role.QUERY, 2, 2, "float32")
            .matrix("key", Hello.Role.KEY, 2, 2, "float32")
            .matrix("mix", Hello.Role.RESIDUAL_MIXING, 2, 2, "bfloat16")
            .matrix("value", Hello.Role.VALUE, 3, 3, "bfloat16")
            .build();
    private final EjmlBackend backend = new EjmlBackend();
    private final SpectrumProbe probe = new SpectrumProbe(backend, 4);
    private final AttentionLogits logits = new AttentionLogits();
    private final ShadowStore.Session shadows = new ShadowStore(ShadowSettings.DEFAULT, SidecarMetrics.NOOP).open();
    private final Rewritings rewritings = new Rewritings(hello, backend, probe, logits, shadows);

    @Test
    void shouldProjectAMixingMatrixOntoTheDoublyStochasticOnes() throws Exception {
        FloatMatrix matrix = FloatMatrix.of(2, 2, 8, 1, 1, 2);

        Rewrite rewrite = rewritings
                .of(command("REPROJECT_HC", Map.of(), "mix"), List.of(MIX))
                .rewrite(MIX, matrix);

        assertThat(rewrite.isReplaced()).isTrue();
        assertThat(matrix.get(0, 0) + matrix.get(0, 1)).isEqualTo(1, within(1e-5f));
        assertThat(matrix.get(0, 0) + matrix.get(1, 0)).isEqualTo(1, within(1e-5f));
        assertThat(rewrite.measurements())
                .containsEntry("iterations", 20.0)
                .containsEntry("forwardGainBefore", 9.0)
                .containsEntry("backwardGainBefore", 9.0);
        assertThat(rewrite.measurements().get("forwardViolation")).isLessThan(1e-6);
        assertThat(rewrite.measurements().get("backwardViolation")).isLessThan(1e-5);
        assertThat(rewrite.after().spectralNorm()).isEqualTo(1, within(1e-3));
    }

    @Test
    void shouldLeaveAMixingMatrixThatHasNoProjection() throws Exception {
        FloatMatrix matrix = FloatMatrix.of(2, 2, 8, Float.NaN, 1, 2);

        Rewrite rewrite = rewritings
                .of(command("REPROJECT_HC", Map.of(), "mix"), List.of(MIX))
                .rewrite(MIX, matrix);

        assertThat(rewrite.isReplaced()).isFalse();
        assertThat(rewrite.refusal()).isNotBlank();
        assertThat(matrix.get(0, 0)).isEqualTo(8);
    }

    @Test
    void shouldScaleQueryAndKeyByTheGivenFactor() throws Exception {
        FloatMatrix matrix = FloatMatrix.of(2, 2, 8, 0, 0, 4);

        Rewrite rewrite = clip(Map.of("scale", 0.5)).rewrite(KEY, matrix);

        assertThat(matrix.get(0, 0)).isEqualTo(4);
        assertThat(rewrite.measurements()).containsExactly(Map.entry("scale", 0.5));
        assertThat(rewrite.before().spectralNorm()).isEqualTo(8, within(1e-3));
        assertThat(rewrite.after().spectralNorm()).isEqualTo(4, within(1e-3));
    }

    @Test
    void shouldScaleSoThatTheLargestLogitOfTheBlockComesDownToTheThreshold() throws Exception {
        logits.observe(1_000, List.of(new Statistic("attentionLogit", "blocks.0", 0, List.of(50.0, 400.0))));

        assertThat(clip(Map.of("threshold", 100.0))
                        .rewrite(QUERY, FloatMatrix.of(2, 2, 8, 0, 0, 4))
                        .measurements())
                .containsExactly(Map.entry("scale", 0.5));
        assertThat(clip(Map.of("threshold", 500.0))
                        .rewrite(QUERY, FloatMatrix.of(2, 2, 8, 0, 0, 4))
                        .refusal())
                .contains("within the threshold");
    }

    @Test
    void shouldTakeTheModelsLargestLogitWhereTheBlocksIsNotKnown() throws Exception {
        logits.observe(1_600, List.of());

        assertThat(clip(Map.of())
                        .rewrite(QUERY, FloatMatrix.of(2, 2, 8, 0, 0, 4))
                        .measurements())
                .containsExactly(Map.entry("scale", 0.25));
    }

    @Test
    void shouldNotAmplifyTheRoundingOfStoredWeights() throws Exception {
        FloatMatrix matrix = FloatMatrix.of(3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1);
        ReceivedCommand command = command("APPLY_MSIGN", Map.of(), "value");

        Rewrite rewrite = rewritings.of(command, List.of(VALUE)).rewrite(VALUE, matrix);

        assertThat(rewrite.isReplaced()).isFalse();
        assertThat(rewrite.refusal()).contains("rounding");
        assertThat(matrix.get(0, 0)).isEqualTo(1);
    }

    @Test
    void shouldNotScaleWhatIsNotFinite() throws Exception {
        assertThat(clip(Map.of("scale", 0.5))
                        .rewrite(KEY, FloatMatrix.of(2, 2, Float.NaN, 0, 0, 4))
                        .refusal())
                .contains("NaN");
    }

    @Test
    void shouldRestoreWhatWasThereIncludingWhatNoFloatShows() throws Exception {
        byte[] bytes = {0x01, 0x7f, (byte) 0xc3, (byte) 0xff, 0x00, (byte) 0x80, (byte) 0x80, 0x3f};
        shadows.keep("a", List.of(MIX), bytes.length, slot -> bytes);
        FloatMatrix matrix = FloatMatrix.of(2, 2, 1, 2, 3, 4);

        Rewrite rewrite =
                rewritings.of(Commands.rollBack("r", 1, "a"), List.of(MIX)).rewrite(MIX, matrix);

        assertThat(rewrite.verbatim()).isEqualTo(bytes);
        assertThat(rewrite.after().finite()).isFalse();
        assertThat(matrix.get(1, 1))
                .isEqualTo(Float.intBitsToFloat(
                        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getShort(6) << 16));
        assertThat(rewritings
                        .of(Commands.rollBack("r", 1, "a"), List.of(KEY))
                        .rewrite(KEY, matrix)
                        .refusal())
                .contains("did not replace this matrix");
    }

    @ParameterizedTest
    @MethodSource("impossible")
    void shouldRefuseBeforeAnythingIsRead(ReceivedCommand command, List<Integer> slots, String named) {
        assertThatThrownBy(() -> rewritings.of(command, slots))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining(named);
    }

    static Stream<Arguments> impossible() {
        return Stream.of(
                Arguments.of(command("APPLY_MSIGN", Map.of("steps", 4.0), "query"), List.of(QUERY), "steps=4.0"),
                Arguments.of(command("APPLY_MSIGN", Map.of("steps", Double.NaN), "query"), List.of(QUERY), "steps=NaN"),
                Arguments.of(command("APPLY_MSIGN", Map.of(), "query"), List.of(KEY), "key is not among"),
                Arguments.of(command("REPROJECT_HC", Map.of(), "query"), List.of(QUERY), "no square RESIDUAL_MIXING"),
                Arguments.of(command("REPROJECT_HC", Map.of("iterations", 0.0), "mix"), List.of(MIX), "iterations=0"),
                Arguments.of(command("REPROJECT_HC", Map.of("epsilon", -1.0), "mix"), List.of(MIX), "epsilon=-1"),
                Arguments.of(command("CLIP_ATTENTION_LOGITS", Map.of(), "query"), List.of(QUERY), "in pairs"),
                Arguments.of(command("CLIP_ATTENTION_LOGITS", Map.of(), "mix"), List.of(MIX), "neither QUERY nor KEY"),
                Arguments.of(pair(Map.of("scale", 1.5)), List.of(QUERY, KEY), "scale=1.5"),
                Arguments.of(pair(Map.of("scale", 0.0)), List.of(QUERY, KEY), "scale=0.0"),
                Arguments.of(pair(Map.of("threshold", Double.NaN)), List.of(QUERY, KEY), "threshold=NaN"),
                Arguments.of(pair(Map.of()), List.of(QUERY, KEY), "are not known"),
                Arguments.of(Commands.rollBack("r", 1, "unheard-of"), List.of(QUERY), "unheard-of are gone"),
                Arguments.of(command("PAUSE", Map.of(), "query"), List.of(QUERY), "PAUSE replaces no matrix"));
    }

    private Rewriting clip(Map<String, Double> parameters) throws RefusedException {
        return rewritings.of(pair(parameters), List.of(QUERY, KEY));
    }

    private static ReceivedCommand pair(Map<String, Double> parameters) {
        return command("CLIP_ATTENTION_LOGITS", parameters, "query", "key");
    }

    private static ReceivedCommand command(String kind, Map<String, Double> parameters, String... layers) {
        return Commands.of("c", 0, kind, parameters, layers);
    }
}
