package io.instabilityguard.sidecar.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Snapshots and mixers in HELLO and in the staging file; the golden file was written by the hook's own code. */
class StagedSnapshotsTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final JsonMapper JSON = new JsonMapper();

    @TempDir
    Path folder;

    private Path file;
    private ObjectNode hello;

    @BeforeEach
    void copyTheGoldenFile() throws IOException {
        file = folder.resolve("staging-v1-snapshots.bin");
        Files.copy(GOLDEN.resolve("staging-v1-snapshots.bin"), file);
        StagedFiles.makePrivate(file);
        hello = (ObjectNode)
                JSON.readTree(GOLDEN.resolve("staging-v1-snapshots.json").toFile());
        ((ObjectNode) hello.get("staging")).put("path", file.toString());
    }

    @Test
    void shouldReadTheGoldenHello() throws Exception {
        Hello read = hello();

        assertThat(read.snapshots()).extracting(Hello.Snapshot::block).containsExactly("blocks.0", "blocks.1");
        assertThat(read.mixers()).extracting(Hello.Mixer::order).containsExactly(2, 3, 4, 5);
        assertThat(read.mixers()).extracting(Hello.Mixer::dynamic).containsExactly(false, true, false, true);
        assertThat(read.slots()).hasSize(8 + 2 * 2 + 4 * 2);
        assertThat(read.slots().get(read.enteringSlot(1)).name()).isEqualTo("snapshot entering blocks.1");
        assertThat(read.slots().get(read.mixedSlot(1)).name()).isEqualTo("mixed of blocks.0.dynamic.mixing");
    }

    @Test
    void shouldReadTheGoldenSlots() throws Exception {
        Hello said = hello();
        try (StagingFile staging = StagingFile.open(folder, said)) {
            ByteBuffer bytes = ByteBuffer.allocate(128).order(ByteOrder.LITTLE_ENDIAN);
            staging.read(said.enteringSlot(0), bytes);
            for (int k = 0; k < 15; k++) {
                assertThat(bfloat16(bytes)).isEqualTo((k - 7) / 4f);
            }
            staging.read(said.enteringSlot(0) + 1, bytes);
            for (int k = 0; k < 15; k++) {
                assertThat(bfloat16(bytes)).isEqualTo((k - 7) / 2f);
            }
            staging.read(said.mixedSlot(0), bytes);
            assertThat(new float[] {bytes.getFloat(), bytes.getFloat(), bytes.getFloat(), bytes.getFloat()})
                    .containsExactly(1, 0.25f, -0.5f, 1);
        }
    }

    @Test
    void shouldReadTheGoldenStep() throws Exception {
        ObjectNode step = (ObjectNode) JSON.readTree(MessageCodec.encode(Messages.step(50, true)));
        step.setAll((ObjectNode)
                JSON.readTree(GOLDEN.resolve("staging-v1-snapshots-step.json").toFile()));

        HookMessage.Step read = (HookMessage.Step) MessageCodec.decodeHook(JSON.writeValueAsBytes(step));

        assertThat(read.snapshotTokens()).containsExactly(5, 0);
        assertThat(read.mixersSampled())
                .containsExactly(new HookMessage.MixerSampled(0, false), new HookMessage.MixerSampled(1, false));
        assertThat(read.omissions()).hasSize(3);
    }

    @Test
    void shouldTakeAHelloOfAnOlderHook() throws Exception {
        hello.remove("snapshots");
        hello.putNull("mixers");
        hello.remove("heads");

        assertThat(hello().snapshots()).isEmpty();
        assertThat(hello().mixers()).isEmpty();
        assertThat(hello().heads()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/snapshots/1/block          | \"blocks.0\"  | snapshots: block",
                "/snapshots/1/block          | \" \"         | block of snapshot 1",
                "/snapshots/0/width          | 0             | columns of snapshot of blocks.0 is 0",
                "/snapshots/0/width          | -3            | columns of snapshot of blocks.0 is -3",
                "/snapshots/0/width          | 2147483647    | width of snapshot blocks.0 is 2147483647",
                "/snapshots/0/tokens         | 0             | rows of snapshot of blocks.0",
                "/snapshots/0/tokens         | 65537         | tokens of snapshot blocks.0 is 65537",
                "/snapshots/0/dtype          | \"int8\"      | dtype of snapshot of blocks.0",
                "/snapshots/0/depth          | -1            | depth of snapshot blocks.0",
                "/snapshots/0/width          | \"3\"         | snapshots.[0].width",
                "/snapshots/0/index          | null          | index",
                "/snapshots                  | 7             | snapshots",
                "/mixers/1/order             | 2             | mixers: order",
                "/mixers/1/order             | 8             | order of mixer blocks.0.dynamic.mixing is 8",
                "/mixers/1/order             | -1            | order of mixer",
                "/mixers/1/total             | 9             | mixers: total",
                "/mixers/1/layer             | \"blocks.0.static.mixing\" | mixers: layer",
                "/mixers/0/size              | 0             | size of mixer blocks.0.static.mixing is 0",
                "/mixers/0/size              | 1000000       | size of mixer blocks.0.static.mixing is 1000000",
                "/mixers/0/size              | 3             | parameter of mixer blocks.0.static.mixing",
                "/mixers/0/parameter         | \"blocks.0.query.weight\" | parameter of mixer blocks.0.static.mixing",
                "/mixers/0/parameter         | \"nowhere\"   | parameter of mixer blocks.0.static.mixing",
                "/heads                      | {\"blocks.0\": 0} | heads of blocks.0 is 0",
                "/matrices/0/rows            | 2147483647    | size of blocks.0.static.matrix",
            })
    void shouldRefuseAHelloThatNoModelHas(String pointer, String value, String named) throws Exception {
        set(pointer, value);

        assertThatThrownBy(this::hello)
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining(named)
                .message()
                .doesNotContain("\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/snapshots/0/enteringOffset | 832  | offset of snapshot entering blocks.0 is 832, must be 704",
                "/snapshots/1/leavingOffset  | -64  | offset of snapshot leaving blocks.1",
                "/snapshots/1/index          | 0    | snapshot 1 has index 0",
                "/snapshots/0/tokens         | 6    | offset of snapshot leaving blocks.0",
                "/mixers/0/mixedOffset       | 9223372036854775807 | offset of mixed of blocks.0.static.mixing",
                "/mixers/3/unprojectedOffset | 1728 | offset of unprojected of blocks.1.dynamic.mixing",
                "/mixers/3/index             | 7    | mixer 3 has index 7",
                "/staging/bytes              | 1792 | staging.bytes",
            })
    void shouldRefuseSlotsThatItDoesNotCompute(String pointer, String value, String named) throws Exception {
        set(pointer, value);
        Hello said = hello();

        assertThatThrownBy(() -> StagingFile.open(folder, said))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining(named);
    }

    private void set(String pointer, String value) throws IOException {
        int slash = pointer.lastIndexOf('/');
        ObjectNode parent = (ObjectNode) hello.at(pointer.substring(0, slash));
        JsonNode node = JSON.readTree(value);
        parent.set(pointer.substring(slash + 1), node);
    }

    private static float bfloat16(ByteBuffer bytes) {
        return Float.intBitsToFloat(bytes.getShort() << 16);
    }

    private Hello hello() throws Exception {
        return (Hello) MessageCodec.decodeHook(JSON.writeValueAsBytes(hello));
    }
}
