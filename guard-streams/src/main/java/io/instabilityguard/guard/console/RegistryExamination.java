package io.instabilityguard.guard.console;

import io.instabilityguard.schemas.RecordSerdes;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;

/** Whether the schema registry answers that a configuration names. */
final class RegistryExamination {
    private static final String ABOUT = "Registry";
    private static final String FIX = "start the registry, or correct " + RecordSerdes.REGISTRY_URL
            + " (Confluent's REST API; Apicurio's is under /apis/ccompat/v7) or " + RecordSerdes.REGISTRY_CREDENTIALS;
    private static final int OK = 200;

    private RegistryExamination() {}

    static Diagnosis of(Map<String, String> kafka, Duration patience) {
        String url = kafka.get(RecordSerdes.REGISTRY_URL);
        if (url == null) {
            return Diagnosis.ready(ABOUT, "none configured: records are in Avro's single-object encoding");
        }
        try {
            int status = HttpClient.newBuilder()
                    .connectTimeout(patience)
                    .build()
                    .send(request(url, kafka, patience), BodyHandlers.discarding())
                    .statusCode();
            return status == OK
                    ? Diagnosis.ready(ABOUT, url + " answers")
                    : new Diagnosis(ABOUT, url + " answers with status " + status, FIX);
        } catch (IOException | IllegalArgumentException e) {
            return new Diagnosis(ABOUT, url + " does not answer: " + e, FIX);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Diagnosis(ABOUT, "interrupted while asking " + url, FIX);
        }
    }

    private static HttpRequest request(String url, Map<String, String> kafka, Duration patience) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url.replaceAll("/+$", "") + "/subjects"))
                .timeout(patience);
        String credentials = kafka.get(RecordSerdes.REGISTRY_CREDENTIALS);
        if (credentials != null) {
            byte[] bytes = credentials.getBytes(StandardCharsets.UTF_8);
            request.header("Authorization", "Basic " + Base64.getEncoder().encodeToString(bytes));
        }
        return request.build();
    }
}
