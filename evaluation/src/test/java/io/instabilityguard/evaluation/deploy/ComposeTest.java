package io.instabilityguard.evaluation.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** The composition, against the specification's own schema, and the files that it names. */
final class ComposeTest {

    @Test
    void shouldBeACompositionAsSpecified() throws IOException {
        assertThat(PublishedSchema.of("compose-spec.json").problems(composition()))
                .isEmpty();
    }

    @Test
    void shouldBeRefusedBySpecificationWhenItIsWrong() throws IOException {
        String wrong = Deploy.text("compose.yaml").replace("restart: on-failure", "restarts: on-failure");
        assertThat(PublishedSchema.of("compose-spec.json")
                        .problems(Deploy.documents(wrong).get(0)))
                .isNotEmpty();
    }

    @Test
    void shouldNameOnlyFilesAndServicesAndVolumesThatExist() {
        assumeTrue(Files.exists(Deploy.FOLDER.resolve("grafana")), "there are no dashboards to mount");
        JsonNode composition = composition();
        List<String> mounts = services()
                .flatMap(service -> stream(service.path("volumes")))
                .map(mount -> mount.asText().split(":")[0])
                .toList();
        assertThat(mounts).isNotEmpty().allSatisfy(mount -> {
            if (mount.startsWith("./")) {
                assertThat(Files.exists(Deploy.FOLDER.resolve(mount))).as(mount).isTrue();
            } else {
                assertThat(composition.get("volumes").has(mount)).as(mount).isTrue();
            }
        });
        services()
                .forEach(service -> service.path("depends_on")
                        .fieldNames()
                        .forEachRemaining(
                                name -> assertThat(composition.get("services").has(name))
                                        .as(name)
                                        .isTrue()));
        assertThat(services().map(service -> service.at("/build/dockerfile").asText()))
                .allSatisfy(file ->
                        assertThat(Deploy.FOLDER.resolve("..").resolve(file)).exists());
    }

    static JsonNode composition() {
        return Deploy.documents(Deploy.text("compose.yaml")).get(0);
    }

    private static Stream<JsonNode> services() {
        return stream(composition().get("services"));
    }

    private static Stream<JsonNode> stream(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false);
    }
}
