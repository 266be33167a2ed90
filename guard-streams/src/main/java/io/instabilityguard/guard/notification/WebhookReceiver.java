package io.instabilityguard.guard.notification;

import io.instabilityguard.guard.policy.Secret;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Any program: every update of an incident as JSON, with the same {@code id} and a growing {@code update}, so that it can keep one entry per incident and drop what it has had. The header
 * {@code X-Guard-Signature: t=<seconds>,v1=<hex>} holds HMAC-SHA256 of {@code <seconds>.<body>}: whoever knows the secret can verify it and refuse what is old.
 *
 * @param url where to post
 * @param secret shared with the program
 */
record WebhookReceiver(URI url, Secret secret) implements Receiver {

    private static final String ALGORITHM = "HmacSHA256";

    @Override
    public String name() {
        return "webhook";
    }

    @Override
    public Optional<HttpRequest> tell(IncidentUpdate update, long nowMs) {
        Incident incident = update.incident();
        String body = JsonRequest.json(incident);
        return Optional.of(JsonRequest.post(url, body)
                .header("X-Guard-Signature", signature(secret, nowMs / 1_000, body))
                .header("Idempotency-Key", incident.id() + ":" + incident.update())
                .build());
    }

    /** The header's value. */
    static String signature(Secret secret, long seconds, String body) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(secret.value().getBytes(StandardCharsets.UTF_8), ALGORITHM));
            byte[] sum = mac.doFinal((seconds + "." + body).getBytes(StandardCharsets.UTF_8));
            return "t=" + seconds + ",v1=" + HexFormat.of().formatHex(sum);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has " + ALGORITHM, e);
        }
    }
}
