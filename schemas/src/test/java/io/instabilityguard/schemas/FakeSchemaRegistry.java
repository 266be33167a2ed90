package io.instabilityguard.schemas;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.avro.Schema;

/**
 * A schema registry in this process, for tests: the requests of Confluent's REST API that {@link RecordSerdes} makes. Ids count from 1.
 * Listens on a free port of the loopback interface until closed.
 */
public final class FakeSchemaRegistry implements AutoCloseable {
    private final ObjectMapper json = new ObjectMapper();
    private final List<Registered> registered = new CopyOnWriteArrayList<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final List<String> authorizations = new CopyOnWriteArrayList<>();
    private final HttpServer server;
    private volatile Optional<Answer> fixedAnswer = Optional.empty();

    private FakeSchemaRegistry(HttpServer server) {
        this.server = server;
        server.createContext("/", this::handle);
        server.start();
    }

    /** A new, empty registry. */
    public static FakeSchemaRegistry start() throws IOException {
        return new FakeSchemaRegistry(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
    }

    /** The value of {@code schema.registry.url}. */
    public String url() {
        return "http://" + server.getAddress().getHostString() + ":"
                + server.getAddress().getPort();
    }

    /**
     * The id of a schema under a subject; new unless that very schema is there already.
     *
     * @param references subjects of the types that it names and does not define; each has the name of its type
     */
    public synchronized int register(String subject, String schema, String... references) {
        Registered entry = new Registered(subject, schema, List.of(references));
        if (!registered.contains(entry)) {
            registered.add(entry);
        }
        return registered.indexOf(entry) + 1;
    }

    /** Subjects in the order of their ids. */
    public List<String> subjects() {
        return registered.stream().map(Registered::subject).toList();
    }

    /** Method and path of every request so far. */
    public List<String> requests() {
        return List.copyOf(requests);
    }

    /** Credentials that came with the requests. */
    public List<String> authorizations() {
        return List.copyOf(authorizations);
    }

    /** Answers everything with this status and body from now on. */
    public void answerAlways(int status, String body) {
        fixedAnswer = Optional.of(new Answer(status, body));
    }

    /** Answers as a registry does again. */
    public void recover() {
        fixedAnswer = Optional.empty();
    }

    @Override
    public void close() {
        server.stop(0);
    }

    private void handle(HttpExchange exchange) throws IOException {
        requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
        Optional.ofNullable(exchange.getRequestHeaders().getFirst("Authorization"))
                .ifPresent(authorizations::add);
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        Answer answer = fixedAnswer.isPresent() ? fixedAnswer.get() : answer(exchange, body);
        byte[] bytes = answer.body().getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(answer.status(), bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private Answer answer(HttpExchange exchange, String body) throws IOException {
        URI uri = exchange.getRequestURI();
        String[] path = uri.getPath().substring(1).split("/");
        return switch (exchange.getRequestMethod() + " " + path[0] + " " + path.length) {
            case "GET schemas 3" -> schema(Integer.parseInt(path[2]));
            case "GET subjects 4" -> schema(versionOf(path[1]));
            case "POST subjects 3" -> id(register(path[1], schemaIn(body)));
            case "POST subjects 2" -> find(new Registered(path[1], schemaIn(body), List.of()));
            default -> new Answer(404, "{\"error_code\":404,\"message\":\"HTTP 404 Not Found\"}");
        };
    }

    private String schemaIn(String body) throws IOException {
        return new Schema.Parser()
                .parse(json.readTree(body).path("schema").asText())
                .toString();
    }

    /** The id of the first schema under a subject, 0 when there is none. */
    private int versionOf(String subject) {
        return subjects().indexOf(subject) + 1;
    }

    private Answer schema(int id) {
        if (id < 1 || id > registered.size()) {
            return new Answer(404, "{\"error_code\":40403,\"message\":\"Schema not found\"}");
        }
        Registered entry = registered.get(id - 1);
        ObjectNode body = json.createObjectNode().put("schema", entry.schema());
        for (String reference : entry.references()) {
            body.withArray("references")
                    .addObject()
                    .put("name", reference)
                    .put("subject", reference)
                    .put("version", 1);
        }
        return ok(body);
    }

    private Answer find(Registered entry) {
        return registered.contains(entry)
                ? id(registered.indexOf(entry) + 1)
                : new Answer(404, "{\"error_code\":40403,\"message\":\"Schema not found\"}");
    }

    private Answer id(int id) {
        return ok(json.createObjectNode().put("id", id));
    }

    private static Answer ok(ObjectNode body) {
        return new Answer(200, body.toString());
    }

    private record Registered(String subject, String schema, List<String> references) {}

    private record Answer(int status, String body) {}
}
