package io.instabilityguard.evaluation.fuzz;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.instabilityguard.evaluation.fuzz.GoldenSamples.Written;
import io.instabilityguard.schemas.Topics;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A schema registry of this process that knows every released schema of the samples, and answers for no other id. */
final class ReleasedRegistry implements AutoCloseable {
    /** Bytes of Confluent's header. */
    static final int HEADER = 5;

    private static final String IDS = "/schemas/ids/";
    private static final int NOT_FOUND = 404;

    private final Map<String, Integer> ids = new LinkedHashMap<>();
    private final Map<Integer, String> schemas = new LinkedHashMap<>();
    private final HttpServer server;

    private ReleasedRegistry(List<Written> samples) throws IOException {
        for (Written sample : samples) {
            String path = "/released/" + sample.version() + "/" + sample.name() + ".avsc";
            ids.put(path, ids.size() + 1);
            schemas.put(ids.size(), schema(path));
        }
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext(IDS, this::answer);
        server.start();
    }

    /** Starts it on any port of the loopback interface. */
    static ReleasedRegistry start(List<Written> samples) throws IOException {
        return new ReleasedRegistry(samples);
    }

    private static String schema(String path) throws IOException {
        try (InputStream in = Objects.requireNonNull(Topics.class.getResourceAsStream(path), path)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private void answer(HttpExchange exchange) throws IOException {
        String schema = schemas.get(number(exchange.getRequestURI().getPath().substring(IDS.length())));
        byte[] body = new ObjectMapper().writeValueAsBytes(schema == null ? Map.of() : Map.of("schema", schema));
        exchange.sendResponseHeaders(schema == null ? NOT_FOUND : 200, body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    private static int number(String text) {
        try {
            return Integer.parseUnsignedInt(text);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** Its address, for {@code schema.registry.url}. */
    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** The id of a released schema. */
    int idOf(String version, String record) {
        return Objects.requireNonNull(ids.get("/released/" + version + "/" + record + ".avsc"));
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
