package io.instabilityguard.evaluation.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.instabilityguard.evaluation.process.BoundToParent;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.apache.avro.Schema;

/**
 * Apicurio's registry as a process, in memory, one for all tests of this JVM, with which it ends. Its server needs a newer JDK than ours, which
 * GUARD_JDK_21 names, and is fetched by Maven's profile {@code registry}; {@code ./guard test} does both. Without them the tests are skipped.
 */
final class RegistryServer {
    private static final Path FOLDER = Path.of("target", "registry");
    private static final String MEDIA_TYPE = "application/vnd.schemaregistry.v1+json";
    private static final ObjectMapper JSON = new ObjectMapper();

    private static RegistryServer shared;

    private final HttpClient http = HttpClient.newHttpClient();
    /** Kept, because its standard input is what the process lives by. */
    private final Process process;

    private final int port;

    private RegistryServer(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** What the registry said. */
    record Answer(int status, JsonNode body) {}

    /** The registry, started if need be, which demands FULL_TRANSITIVE as our own tests do; skips the test when this machine cannot run it. */
    static synchronized RegistryServer shared() throws IOException, InterruptedException {
        if (shared == null) {
            shared = start();
            shared.demand("FULL_TRANSITIVE");
        }
        return shared;
    }

    private static RegistryServer start() throws IOException {
        String jdk = System.getenv("GUARD_JDK_21");
        assumeTrue(
                jdk != null,
                "GUARD_JDK_21 names no JDK 21 or newer, which Apicurio's registry needs: ./guard test looks for one");
        assumeTrue(
                Files.isDirectory(FOLDER), FOLDER + " is missing: Maven's profile registry fetches Apicurio's server");
        int port = freePort();
        RegistryServer server = new RegistryServer(process(Path.of(jdk), port), port);
        await().atMost(Duration.ofSeconds(60))
                .ignoreExceptions()
                .until(() -> server.get("/subjects").status() == 200);
        assertThat(server.process.isAlive()).isTrue();
        return server;
    }

    private static Process process(Path jdk, int port) throws IOException {
        Path jar = jar();
        String classPath =
                jar + File.pathSeparator + Path.of("target", "classes").toAbsolutePath();
        return new ProcessBuilder(List.of(
                        jdk.resolve("bin/java").toString(),
                        "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Dquarkus.http.host=127.0.0.1",
                        "-Dquarkus.http.port=" + port,
                        "-Dquarkus.management.enabled=false",
                        "-Dapicurio.storage.kind=sql",
                        "-Dapicurio.storage.sql.kind=h2",
                        "-Dapicurio.datasource.url=jdbc:h2:mem:registry",
                        "-cp",
                        classPath,
                        BoundToParent.class.getName(),
                        "io.quarkus.bootstrap.runner.QuarkusEntryPoint"))
                .redirectErrorStream(true)
                .redirectOutput(Path.of("target", "registry.log").toFile())
                .start();
    }

    private static Path jar() throws IOException {
        try (var files = Files.walk(FOLDER)) {
            return files.filter(file -> file.endsWith("quarkus-run.jar"))
                    .findFirst()
                    .orElseThrow()
                    .toAbsolutePath();
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Confluent's API: the value of {@code schema.registry.url}. */
    String url() {
        return root() + "/apis/ccompat/v7";
    }

    /** Apicurio's own API. */
    String ownUrl() {
        return root() + "/apis/registry/v3";
    }

    private String root() {
        return "http://127.0.0.1:" + port;
    }

    /** Registers a schema under a subject. */
    Answer register(String subject, Schema schema) throws IOException, InterruptedException {
        String body = JSON.createObjectNode().put("schema", schema.toString()).toString();
        return send(request("/subjects/" + subject + "/versions").POST(BodyPublishers.ofString(body)));
    }

    /** Demands that schemas of every subject that has no rule of its own are compatible. */
    private void demand(String compatibility) throws IOException, InterruptedException {
        String body =
                JSON.createObjectNode().put("compatibility", compatibility).toString();
        assertThat(send(request("/config").PUT(BodyPublishers.ofString(body))).status())
                .isEqualTo(200);
    }

    /** The schema under an id; its named parts may be schemas of their own, as Apicurio's serializer registers them. */
    Schema schema(int id) throws IOException, InterruptedException {
        return parse(get("/schemas/ids/" + id).body(), new Schema.Parser());
    }

    private Schema parse(JsonNode answer, Schema.Parser known) throws IOException, InterruptedException {
        for (JsonNode part : answer.path("references")) {
            if (!known.getTypes().containsKey(part.get("name").asText())) {
                parse(
                        get("/subjects/" + part.get("subject").asText() + "/versions/" + part.get("version"))
                                .body(),
                        known);
            }
        }
        return known.parse(answer.get("schema").asText());
    }

    Answer get(String path) throws IOException, InterruptedException {
        return send(request(path).GET());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(url() + path)).header("Content-Type", MEDIA_TYPE);
    }

    private Answer send(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<String> answer = http.send(request.build(), BodyHandlers.ofString());
        return new Answer(answer.statusCode(), Objects.requireNonNull(JSON.readTree(answer.body())));
    }
}
