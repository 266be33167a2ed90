package io.instabilityguard.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.SchemaNormalization;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** FULL_TRANSITIVE: today's schemas and those of every released version can read each other's records. */
class SchemaCompatibilityTest {
    private static final List<String> VERSIONS = ReleasedSchemas.VERSIONS;

    @ParameterizedTest
    @MethodSource("records")
    void shouldReadAndBeReadByEveryReleasedVersion(String record) throws Exception {
        Schema present = GoldenFiles.present(record);
        for (String version : VERSIONS) {
            ReleasedSchemas.released(version, record).ifPresent(released -> {
                assertReads(present, released, record + " of today reading " + version);
                assertReads(released, present, record + " of " + version + " reading today's");
            });
        }
    }

    @ParameterizedTest
    @MethodSource("records")
    void shouldHaveAReleasedCopyOfThePresentSchema(String record) throws Exception {
        Schema present = GoldenFiles.present(record);

        Stream<Long> released = VERSIONS.stream()
                .map(version -> ReleasedSchemas.released(version, record))
                .flatMap(Optional::stream)
                .map(SchemaNormalization::parsingFingerprint64);

        assertThat(released)
                .as(
                        "%s.avsc is new or has changed since the last released version (%s). Run the main class"
                                + " GoldenFiles of the tests with the next version's name in the folder of the module,"
                                + " add that name to ReleasedSchemas.VERSIONS and commit the files it made."
                                + " Never change the files of a released version.",
                        record, VERSIONS.get(VERSIONS.size() - 1))
                .contains(SchemaNormalization.parsingFingerprint64(present));
    }

    @Test
    void shouldKnowEveryVersionThatHasFiles() throws IOException {
        assertThat(foldersIn(GoldenFiles.RELEASED)).containsExactlyInAnyOrderElementsOf(VERSIONS);
        assertThat(foldersIn(GoldenFiles.GOLDEN)).containsExactlyInAnyOrderElementsOf(VERSIONS);
    }

    @Test
    void shouldNoticeABrokenRule() {
        assertThat(reads(Topics.RUNS.schema(), Evolution.newer())).isEqualTo(SchemaCompatibilityType.COMPATIBLE);
        assertThat(reads(Topics.RUNS.schema(), Evolution.incompatible()))
                .isEqualTo(SchemaCompatibilityType.INCOMPATIBLE);
    }

    static List<String> records() throws IOException {
        return GoldenFiles.recordNames();
    }

    private static void assertReads(Schema reader, Schema writer, String what) {
        var compatibility = SchemaCompatibility.checkReaderWriterCompatibility(reader, writer);
        assertThat(compatibility.getType())
                .as(what + ": " + compatibility.getResult().getIncompatibilities())
                .isEqualTo(SchemaCompatibilityType.COMPATIBLE);
    }

    private static SchemaCompatibilityType reads(Schema reader, Schema writer) {
        return SchemaCompatibility.checkReaderWriterCompatibility(reader, writer)
                .getType();
    }

    private static List<String> foldersIn(Path folder) throws IOException {
        try (Stream<Path> folders = Files.list(folder)) {
            return folders.map(path -> path.getFileName().toString()).toList();
        }
    }
}
