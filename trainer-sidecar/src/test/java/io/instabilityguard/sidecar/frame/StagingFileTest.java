package io.instabilityguard.sidecar.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The golden file was written by the hook's own code. */
class StagingFileTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");

    @TempDir
    Path folder;

    private Path file;
    private ObjectNode hello;

    @BeforeEach
    void copyTheGoldenFile() throws IOException {
        file = folder.resolve("staging-v1.bin");
        Files.copy(GOLDEN.resolve("staging-v1.bin"), file);
        StagedFiles.makePrivate(file);
        hello = (ObjectNode)
                new JsonMapper().readTree(GOLDEN.resolve("staging-v1.json").toFile());
        ((ObjectNode) hello.get("staging")).put("path", file.toString());
    }

    @Test
    void shouldReadTheGoldenHello() throws Exception {
        Hello read = hello();

        assertThat(read.run()).isEqualTo("golden-run");
        assertThat(read.appliedAt("command-b")).isEqualTo(40);
        assertThat(read.appliedAt("command-c")).isNull();
        assertThat(read.matrices())
                .extracting(Hello.Matrix::dtype)
                .containsExactly("float32", "bfloat16", "float16", "float64");
    }

    @Test
    void shouldReadTheGoldenSlots() throws Exception {
        try (StagingFile staging = StagingFile.open(folder, hello())) {
            ByteBuffer bytes = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
            staging.read(0, bytes);
            for (int k = 0; k < 15; k++) {
                assertThat(bytes.getFloat()).isEqualTo((k - 7) / 4f);
            }
            staging.read(3, bytes);
            for (int k = 0; k < 4; k++) {
                assertThat(bytes.getDouble()).isEqualTo((k - 7) / 4.0);
            }
            assertThat(bytes.hasRemaining()).isFalse();
        }
    }

    @Test
    void shouldReadBackWhatItWroteAndTouchNothingElse() throws Exception {
        byte[] before = Files.readAllBytes(file);
        try (StagingFile staging = StagingFile.open(folder, hello())) {
            ByteBuffer content = ByteBuffer.allocate(14);
            for (byte i = 0; i < 14; i++) {
                content.put(i);
            }
            long crc32 = staging.write(1, content.flip());
            ByteBuffer read = ByteBuffer.allocate(64);
            staging.read(1, read);

            assertThat(StagingFile.crc32(read)).isEqualTo(crc32);
            byte[] expected = before.clone();
            System.arraycopy(content.array(), 0, expected, 128, 14);
            assertThat(Files.readAllBytes(file)).isEqualTo(expected);
        }
    }

    @Test
    void shouldKnowTheChecksumOfZlib() {
        // python3 -c "import zlib; print(zlib.crc32(b'123456789'))"
        assertThat(StagingFile.crc32(ByteBuffer.wrap("123456789".getBytes(java.nio.charset.StandardCharsets.US_ASCII))))
                .isEqualTo(3421780262L);
    }

    @Test
    void shouldRefuseContentThatDoesNotFillTheSlot() throws Exception {
        try (StagingFile staging = StagingFile.open(folder, hello())) {
            assertThatThrownBy(() -> staging.write(1, ByteBuffer.allocate(13)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("k_proj");
        }
    }

    @Test
    void shouldRemoveTheFileWhenClosed() throws Exception {
        StagingFile.open(folder, hello()).close();

        assertThat(file).doesNotExist();
    }

    @Test
    void shouldSayThatTheFileShrank() throws Exception {
        try (StagingFile staging = StagingFile.open(folder, hello())) {
            Files.write(file, new byte[70]);

            assertThatThrownBy(() -> staging.read(0, ByteBuffer.allocate(64)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("shrunk");
        }
    }

    @Test
    void shouldRefuseAPathOutsideTheFolder() throws Exception {
        Path inner = Files.createDirectory(folder.resolve("inner"));

        assertRefused(inner, "not in the socket's folder");
    }

    @Test
    void shouldRefuseALinkIntoTheFolder() throws Exception {
        Path link = folder.resolve("staging-link");
        Files.createSymbolicLink(link, file);
        ((ObjectNode) hello.get("staging")).put("path", link.toString());

        assertRefused(folder, "link");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r-----", "rw----r--", "rwx------", "r--------"})
    void shouldRefuseAFileThatOthersMayOpen(String mode) throws Exception {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));

        assertRefused(folder, "open to others than its owner");
    }

    @ParameterizedTest
    @CsvSource({"..,named", "../secret,not in", "inner/../../secret,does not exist", "secret,named"})
    void shouldRefuseAPathThatLeavesTheFolder(String path, String named) throws Exception {
        Files.createFile(folder.resolve("secret"));
        ((ObjectNode) hello.get("staging")).put("path", folder + "/" + path);

        assertRefused(folder, named);
        assertThat(folder.resolve("secret")).exists();
    }

    @ParameterizedTest
    @CsvSource({"relative.bin,absolute", "/nowhere/at/all.bin,does not exist", "'\u0000',no path"})
    void shouldRefuseAPathThatIsNone(String path, String named) throws Exception {
        ((ObjectNode) hello.get("staging")).put("path", path);

        assertRefused(folder, named);
    }

    @ParameterizedTest
    @CsvSource({"0,magic", "8,layout version", "12,slots", "16,size", "24,generation"})
    void shouldRefuseAHeaderThatSaysOtherwise(int offset, String named) throws Exception {
        byte[] content = Files.readAllBytes(file);
        content[offset] ^= 0x55;
        Files.write(file, content);

        assertRefused(folder, named);
    }

    @Test
    void shouldRefuseAnotherSizeThanSaid() throws Exception {
        Files.write(file, new byte[385]);

        assertRefused(folder, "size of the staging file is 385, must be 384");
    }

    @Test
    void shouldRefuseAnOffsetThatItDoesNotCompute() throws Exception {
        ((ObjectNode) hello.get("matrices").get(2)).put("offset", 256);

        assertRefused(folder, "offset of blocks.0.fc1.weight is 256, must be 192");
    }

    @Test
    void shouldRefuseMatricesOutOfOrder() throws Exception {
        ((ObjectNode) hello.get("matrices").get(2)).put("index", 1);

        assertRefused(folder, "matrix 2 has index 1");
    }

    @Test
    void shouldAlignSlots() {
        assertThat(StagingDescriptor.align(64)).isEqualTo(64);
        assertThat(StagingDescriptor.align(65)).isEqualTo(128);
        assertThat(StagingDescriptor.offsets(List.of())).containsExactly(64);
    }

    private void assertRefused(Path socketFolder, String named) throws Exception {
        Hello said = hello();
        assertThatThrownBy(() -> StagingFile.open(socketFolder, said))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining(named);
    }

    private Hello hello() throws Exception {
        return (Hello) MessageCodec.decodeHook(new JsonMapper().writeValueAsBytes(hello));
    }
}
