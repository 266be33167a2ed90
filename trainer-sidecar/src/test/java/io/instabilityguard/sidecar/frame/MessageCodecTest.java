package io.instabilityguard.sidecar.frame;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessageCodecTest {
    private static final String HANDLE = "A".repeat(86) + "==";
    private static final String STEP = "{\"type\":\"STEP\",\"step\":7,\"loss\":2.5,\"gradientNorm\":NaN,"
            + "\"learningRate\":0.01,\"learningRateScale\":1,\"maxAttentionLogit\":Infinity,\"sample\":true,"
            + "\"skippedSamples\":1,\"droppedMessages\":2,\"hookMicros\":30.5,\"stepMillis\":-Infinity,\"waitMillis\":0}";
    private static final HookMessage.Step STEP_MESSAGE = new HookMessage.Step(
            7,
            2.5,
            Double.NaN,
            0.01,
            1,
            Double.POSITIVE_INFINITY,
            true,
            1,
            2,
            30.5,
            Double.NEGATIVE_INFINITY,
            0,
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            "");

    @ParameterizedTest
    @ValueSource(strings = {"", "AAAA", "not base64 at all", "//8="})
    void shouldRefuseWhatIsNoHandle(String handle) {
        assertThatThrownBy(() -> new DeviceStaging(HANDLE, handle, 64))
                .hasMessage("staging.device.event is " + handle + ", must be base64 of 64 bytes");
    }

    @Test
    void shouldReadAStepWithNonFiniteNumbers() throws ProtocolException {
        assertThat(decode(STEP)).isEqualTo(STEP_MESSAGE);
    }

    @Test
    void shouldReadAPlainStep() throws ProtocolException {
        HookMessage.Step step =
                (HookMessage.Step) MessageCodec.decodeHook(plainStep(7).array());

        assertThat(step)
                .isEqualTo(new HookMessage.Step(
                        7,
                        2.5,
                        Double.NaN,
                        0.01,
                        1,
                        Double.POSITIVE_INFINITY,
                        false,
                        1,
                        2,
                        30.5,
                        4,
                        0,
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        ""));
    }

    @Test
    void shouldRefuseAPlainStepThatIsCutOrOutOfRange() {
        byte[] whole = plainStep(7).array();
        for (int length = 1; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> MessageCodec.decodeHook(cut))
                    .isInstanceOf(ProtocolException.class)
                    .hasMessage("not a message: a plain STEP of %d bytes, must be 89", length);
        }
        assertThatThrownBy(() -> MessageCodec.decodeHook(plainStep(-1).array()))
                .isInstanceOf(ProtocolException.class)
                .hasMessage("not a message: step is -1, must be at least 0");
    }

    private static ByteBuffer plainStep(long step) {
        return ByteBuffer.allocate(89)
                .put((byte) 1)
                .putLong(step)
                .putDouble(2.5)
                .putDouble(Double.NaN)
                .putDouble(0.01)
                .putDouble(1)
                .putDouble(Double.POSITIVE_INFINITY)
                .putLong(1)
                .putLong(2)
                .putDouble(30.5)
                .putDouble(4)
                .putDouble(0);
    }

    @Test
    void shouldReadBackWhatItWrites() throws ProtocolException {
        List<HookMessage> messages = List.of(
                STEP_MESSAGE,
                Messages.hello("run-1", 5).build(),
                Messages.hello("run-1", 5)
                        .device(new DeviceStaging(HANDLE, HANDLE, 64))
                        .build(),
                new HookMessage.Apply("c", 8, List.of(0, 3)),
                Messages.halved("c", 8),
                Messages.notApplied("c", 8, HookMessage.NotApplied.Status.EXPIRED, "late"),
                new HookMessage.Bye(9));
        for (HookMessage message : messages) {
            assertThat(MessageCodec.decodeHook(MessageCodec.encode(message))).isEqualTo(message);
        }
    }

    @Test
    void shouldReadBackWhatTheSidecarSays() throws ProtocolException {
        List<SidecarMessage> messages = List.of(
                new SidecarMessage.Welcome(1, "s", 2_000, false, ""),
                new SidecarMessage.Refused("no"),
                new SidecarMessage.Sampled(3),
                new SidecarMessage.Command("c", "APPLY_MSIGN", List.of("w"), Map.of("steps", 0.0), 7, 8, 9, "b"),
                new SidecarMessage.Ready(
                        "c",
                        List.of(new SidecarMessage.ReadyMatrix(0, true, 0xFFFFFFFFL, "", Map.of("iterations", 20.0)))),
                new SidecarMessage.Reject("c", "why"),
                new SidecarMessage.Progress(12));
        for (SidecarMessage message : messages) {
            assertThat(MessageCodec.decodeSidecar(MessageCodec.encode(message))).isEqualTo(message);
        }
    }

    @Test
    void shouldWriteTheTypeAndBareNonFiniteWords() {
        String json = new String(
                MessageCodec.encode(
                        new SidecarMessage.Command("c", "K", List.of(), Map.of("x", Double.NaN), 0, 1, 2, "")),
                UTF_8);

        assertThat(json).contains("\"type\":\"COMMAND\"", "\"x\":NaN", "\"layers\":[]");
    }

    @Test
    void shouldIgnoreUnknownFieldsAndTheirOrder() throws ProtocolException {
        String reordered = STEP.replace("{\"type\":\"STEP\",", "{\"future\":{\"a\":[1]},")
                .replace("\"waitMillis\":0}", "\"waitMillis\":0,\"type\":\"STEP\"}");

        assertThat(decode(reordered)).isEqualTo(STEP_MESSAGE);
    }

    @Test
    void shouldTakeAnAppliedMatrixCommandWithoutLearningRateScales() throws ProtocolException {
        HookMessage message =
                decode("{\"type\":\"APPLIED\",\"id\":\"c\",\"step\":4,\"matrices\":[0],\"hookMillis\":7.5}");

        assertThat(message).isEqualTo(Messages.applied("c", 4, 0));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "step",
                "loss",
                "gradientNorm",
                "learningRate",
                "learningRateScale",
                "maxAttentionLogit",
                "sample",
                "skippedSamples",
                "droppedMessages",
                "hookMicros",
                "stepMillis",
                "waitMillis"
            })
    void shouldNameTheMissingField(String field) {
        String without = STEP.replaceFirst("\"" + field + "\":[^,}]+,?", "").replace(",}", "}");

        assertThatThrownBy(() -> decode(without))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining(field);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}                                            | type",
                "[]                                            | not a message",
                "null                                          | not a message",
                "7                                             | not a message",
                "''                                            | not a message",
                "{\"type\":\"STEP\"                             | not a message",
                "{\"type\":\"DANCE\"}                           | DANCE",
                "{\"type\":\"BYE\",\"step\":null}                | step",
                "{\"type\":\"BYE\",\"step\":\"7\"}               | step",
                "{\"type\":\"BYE\",\"step\":1.5}                 | step",
                "{\"type\":\"BYE\",\"step\":99999999999999999999} | step",
                "{\"type\":\"BYE\",\"step\":1} {}                | token",
                "{\"type\":\"APPLY\",\"id\":\"c\",\"step\":1,\"matrices\":[null]} | matrices",
                "{\"type\":\"APPLY\",\"id\":\"c\",\"step\":1,\"matrices\":7}      | matrices",
                "{\"type\":\"NOT_APPLIED\",\"id\":\"c\",\"step\":1,\"status\":\"GONE\",\"reason\":\"\"} | status",
                "{\"type\":\"NOT_APPLIED\",\"id\":\"c\",\"step\":1,\"status\":1,\"reason\":\"\"} | status",
                "{\"type\":\"WELCOME\",\"version\":1}            | WELCOME"
            })
    void shouldRefuseInOneLine(String json, String named) {
        assertThatThrownBy(() -> decode(json))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining(named)
                .message()
                .doesNotContain("\n")
                .hasSizeLessThan(310);
    }

    @ParameterizedTest
    @CsvSource({
        "version,1,version",
        "run,\".x\",run",
        "run,\"a/b\",run",
        "run,\"\",run",
        "worldSize,0,worldSize",
        "processRank,3,processRank",
        "sampleEvery,0,sampleEvery",
        "agreeEvery,0,agreeEvery",
        "step,-2,step"
    })
    void shouldRefuseAHelloOutOfRange(String field, String value, String named) {
        String hello = new String(MessageCodec.encode(Messages.hello("run-1", 5).build()), UTF_8)
                .replaceFirst("\"" + field + "\":(\"[^\"]*\"|[^,}]+)", "\"" + field + "\":" + value);

        assertThatThrownBy(() -> decode(hello))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining(named);
    }

    @Test
    void shouldRefuseDeepNesting() {
        String deep = STEP.replace("\"loss\":2.5", "\"loss\":" + "[".repeat(5_000) + "]".repeat(5_000));

        assertThatThrownBy(() -> decode(deep)).isInstanceOf(ProtocolException.class);
    }

    @Test
    void shouldSurviveFiftyThousandMutatedMessages() {
        List<byte[]> seeds = new ArrayList<>();
        seeds.add(STEP.getBytes(UTF_8));
        seeds.add(MessageCodec.encode(Messages.hello("run-1", 5).build()));
        seeds.add(MessageCodec.encode(new HookMessage.Apply("c", 8, List.of(0, 3))));
        seeds.add(MessageCodec.encode(Messages.notApplied("c", 8, HookMessage.NotApplied.Status.FAILED, "reason")));
        Random random = new Random(20_261_121);
        int refused = 0;
        for (int i = 0; i < 50_000; i++) {
            refused += isRefused(mutated(seeds.get(i % seeds.size()).clone(), random)) ? 1 : 0;
        }

        assertThat(refused).isBetween(25_000, 49_999);
    }

    private static byte[] mutated(byte[] json, Random random) {
        byte[] tokens = "{}[],:\"0-9eE.NIntfnul\\u\u0000".getBytes(UTF_8);
        for (int n = random.nextInt(6); n >= 0; n--) {
            int at = random.nextInt(json.length);
            json[at] = random.nextBoolean() ? tokens[random.nextInt(tokens.length)] : (byte) random.nextInt(256);
        }
        return random.nextInt(4) == 0 ? java.util.Arrays.copyOf(json, random.nextInt(json.length)) : json;
    }

    private static boolean isRefused(byte[] json) {
        try {
            return MessageCodec.decodeHook(json) == null;
        } catch (ProtocolException expected) {
            return true;
        }
    }

    private static HookMessage decode(String json) throws ProtocolException {
        return MessageCodec.decodeHook(json.getBytes(UTF_8));
    }
}
