package io.instabilityguard.schemas;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.kafka.common.errors.SerializationException;

/**
 * A schema registry with Confluent's REST API. Answers are cached for good, since an id never changes its meaning; failures are not cached.
 * Every request is bounded by {@link RegistryConfig#timeout}. Safe for many threads.
 *
 * <p>Errors: {@link SerializationException} when the registry refused this schema or does not know this id,
 * {@link RegistryUnavailableException} for everything else. Both name the URL and the status.
 */
final class SchemaRegistry {
    private static final String MEDIA_TYPE = "application/vnd.schemaregistry.v1+json";
    private static final int SHOWN_CHARACTERS = 300;
    /** Not found, conflict, unprocessable: the registry understood and said no. */
    private static final Set<Integer> REFUSALS = Set.of(404, 409, 422);

    private final ObjectMapper json = new ObjectMapper();
    private final Map<String, Integer> ids = new ConcurrentHashMap<>();
    private final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();
    private final RegistryConfig config;
    private final HttpClient http;

    SchemaRegistry(RegistryConfig config) {
        this.config = config;
        this.http = HttpClient.newBuilder().connectTimeout(config.timeout()).build();
    }

    /** The id of {@code schema} under {@code subject}; registers it when it is new and that is allowed. */
    int idOf(String subject, Schema schema) {
        Integer known = ids.get(subject);
        return known != null ? known : ids.computeIfAbsent(subject, name -> register(name, schema));
    }

    /** The schema with this id. */
    Schema schemaOf(int id) {
        Schema known = schemas.get(id);
        return known != null ? known : schemas.computeIfAbsent(id, this::fetch);
    }

    private int register(String subject, Schema schema) {
        String path = "/subjects/" + subject + (config.registers() ? "/versions" : "");
        String body = json.createObjectNode().put("schema", schema.toString()).toString();
        HttpRequest request = request(path)
                .header("Content-Type", MEDIA_TYPE)
                .POST(BodyPublishers.ofString(body))
                .build();
        JsonNode id = ask(request).path("id");
        if (!id.isInt()) {
            throw new RegistryUnavailableException(asked(request) + ": the answer has no id");
        }
        return id.intValue();
    }

    private Schema fetch(int id) {
        return fetch("/schemas/ids/" + Integer.toUnsignedString(id), new Schema.Parser(), new HashSet<>());
    }

    /**
     * The schema at {@code path}, after those that it refers to.
     *
     * @param known parser that has seen what was fetched before
     * @param fetched paths that need not be fetched again
     */
    private Schema fetch(String path, Schema.Parser known, Set<String> fetched) {
        HttpRequest request = request(path).build();
        JsonNode answer = ask(request);
        for (JsonNode reference : answer.path("references")) {
            String version = "/subjects/" + encoded(reference.path("subject").asText()) + "/versions/"
                    + reference.path("version").asInt();
            if (fetched.add(version)) {
                fetch(version, known, fetched);
            }
        }
        try {
            return known.parse(answer.path("schema").asText());
        } catch (AvroRuntimeException e) {
            throw new SerializationException(asked(request) + ": not an Avro schema: " + e.getMessage(), e);
        }
    }

    private static String encoded(String subject) {
        return URLEncoder.encode(subject, StandardCharsets.UTF_8);
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(config.url() + path))
                .timeout(config.timeout())
                .header("Accept", MEDIA_TYPE);
        config.credentials().ifPresent(userAndPassword -> request.header("Authorization", basic(userAndPassword)));
        return request;
    }

    private JsonNode ask(HttpRequest request) {
        HttpResponse<String> answer = send(request);
        if (answer.statusCode() == 200) {
            return parse(request, answer.body());
        }
        String message = "%s: status %d: %s".formatted(asked(request), answer.statusCode(), shown(answer.body()));
        throw REFUSALS.contains(answer.statusCode())
                ? new SerializationException(message)
                : new RegistryUnavailableException(message);
    }

    private HttpResponse<String> send(HttpRequest request) {
        try {
            return http.send(request, BodyHandlers.ofString());
        } catch (IOException e) {
            throw new RegistryUnavailableException(asked(request) + ": no answer: " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RegistryUnavailableException(asked(request) + ": interrupted", e);
        }
    }

    private JsonNode parse(HttpRequest request, String body) {
        try {
            return json.readTree(body);
        } catch (JsonProcessingException e) {
            throw new RegistryUnavailableException(asked(request) + ": the answer is not JSON: " + shown(body), e);
        }
    }

    private static String asked(HttpRequest request) {
        return "schema registry, " + request.method() + " " + request.uri();
    }

    private static String shown(String body) {
        return body.length() > SHOWN_CHARACTERS ? body.substring(0, SHOWN_CHARACTERS) + " …" : body;
    }

    private static String basic(String userAndPassword) {
        return "Basic " + Base64.getEncoder().encodeToString(userAndPassword.getBytes(StandardCharsets.UTF_8));
    }
}
