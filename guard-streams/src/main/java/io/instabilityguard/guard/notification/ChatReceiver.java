package io.instabilityguard.guard.notification;

import java.net.URI;
import java.net.http.HttpRequest;
import java.util.Map;
import java.util.Optional;

/**
 * A chat with Slack-compatible incoming webhooks (Slack, Mattermost, Rocket.Chat). Messages sent through such a webhook cannot be edited, so that a message is posted only when an
 * incident's status changes.
 *
 * @param url of the webhook; whoever knows it may post
 * @param dashboard address for links; empty for none
 */
record ChatReceiver(URI url, String dashboard) implements Receiver {

    @Override
    public String name() {
        return "slack";
    }

    @Override
    public Optional<HttpRequest> tell(IncidentUpdate update, long nowMs) {
        return update.isNewStatus()
                ? Optional.of(JsonRequest.post(url, JsonRequest.json(Map.of("text", text(update.incident()))))
                        .build())
                : Optional.empty();
    }

    private String text(Incident incident) {
        String text = "*%s*: %s, %s at step %d. %s"
                .formatted(
                        escaped(incident.run()),
                        escaped(incident.cause()),
                        incident.status().words(),
                        incident.step(),
                        escaped(incident.summary()));
        return dashboard.isEmpty() ? text : text + " <" + dashboard + "/run.html?run=" + incident.run() + "|dashboard>";
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    @Override
    public String toString() {
        return "ChatReceiver[***]";
    }
}
