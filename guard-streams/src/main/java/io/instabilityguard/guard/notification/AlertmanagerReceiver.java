package io.instabilityguard.guard.notification;

import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Prometheus' Alertmanager, API v2: one alert {@code GuardIncident} per run and cause, which Alertmanager itself groups, silences and repeats. It takes an alert for resolved when nobody repeats
 * it, so that those that are open are sent again every minute. Harm that is told of after the incident's end fires anew and, not being repeated, lapses by itself.
 *
 * @param url of Alertmanager, without the path of its API
 * @param dashboard address for links; empty for none
 */
record AlertmanagerReceiver(URI url, String dashboard) implements Receiver {

    private static final Duration HOLDS = Duration.ofMinutes(4);

    @Override
    public String name() {
        return "alertmanager";
    }

    @Override
    public Optional<HttpRequest> tell(IncidentUpdate update, long nowMs) {
        return Optional.of(post(List.of(update.incident()), nowMs));
    }

    @Override
    public Optional<HttpRequest> remind(List<Incident> open, long nowMs) {
        return open.isEmpty() ? Optional.empty() : Optional.of(post(open, nowMs));
    }

    private HttpRequest post(List<Incident> incidents, long nowMs) {
        URI api = URI.create(url.toString().replaceFirst("/$", "") + "/api/v2/alerts");
        List<Map<String, Object>> alerts =
                incidents.stream().map(incident -> alert(incident, nowMs)).toList();
        return JsonRequest.post(api, JsonRequest.json(alerts)).build();
    }

    private Map<String, Object> alert(Incident incident, long nowMs) {
        long endsAtMs = incident.isOpen() ? nowMs + HOLDS.toMillis() : nowMs;
        Map<String, Object> alert = new LinkedHashMap<>();
        alert.put(
                "labels",
                Map.of(
                        "alertname", "GuardIncident",
                        "run", incident.run(),
                        "cause", incident.cause(),
                        "severity", "page",
                        "scope", "run"));
        alert.put(
                "annotations",
                Map.of(
                        "summary",
                        incident.run() + ": " + incident.cause() + ", "
                                + incident.status().words(),
                        "description",
                        incident.summary(),
                        "step",
                        String.valueOf(incident.step()),
                        "runbook_url",
                        "runbooks/GuardRunAlarm.md"));
        alert.put(
                "startsAt",
                Instant.ofEpochMilli(Math.min(incident.startedAtMs(), nowMs)).toString());
        alert.put("endsAt", Instant.ofEpochMilli(endsAtMs).toString());
        if (!dashboard.isEmpty()) {
            alert.put("generatorURL", dashboard + "/run.html?run=" + incident.run());
        }
        return alert;
    }
}
