package io.instabilityguard.evaluation.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator.Feature;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The files under {@code deploy}, and how those that are generated are kept up to date. */
final class Deploy {
    static final Path FOLDER = Path.of("..", "deploy").toAbsolutePath().normalize();
    static final YAMLMapper YAML = new YAMLMapper(YAMLFactory.builder()
            .disable(Feature.WRITE_DOC_START_MARKER)
            .disable(Feature.SPLIT_LINES)
            .enable(Feature.MINIMIZE_QUOTES)
            .enable(Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
            .enable(Feature.INDENT_ARRAYS_WITH_INDICATOR)
            .build());
    private static final Path GENERATED = Path.of("target", "deploy");

    private Deploy() {}

    /** Fails when the committed file is not what is generated today, and says how to bring it up to date. */
    static void assertUpToDate(String file, String generated) throws IOException {
        Path fresh = GENERATED.resolve(file);
        Files.createDirectories(fresh.getParent());
        Files.writeString(fresh, generated);
        assertThat(FOLDER.resolve(file))
                .as("from the root of the repository: cp evaluation/%s deploy/%s", fresh, file)
                .hasContent(generated);
    }

    /** Every document of a YAML file or stream. */
    static List<JsonNode> documents(String yaml) {
        try (MappingIterator<JsonNode> documents =
                YAML.readerFor(JsonNode.class).readValues(yaml)) {
            return documents.readAll();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The text of a file of the folder. */
    static String text(String file) {
        try {
            return Files.readString(FOLDER.resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether a program is on the path. */
    static boolean isInstalled(String tool) {
        return Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
    }
}
