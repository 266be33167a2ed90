package io.instabilityguard.guard.notification;

import java.net.http.HttpRequest;
import java.util.List;
import java.util.Optional;

/** Somebody who is told of incidents: says what to send and sends nothing itself. */
public interface Receiver {

    /** Its name in metrics and logs. */
    String name();

    /** What to send about an update; nothing when this receiver needs no word of it. */
    Optional<HttpRequest> tell(IncidentUpdate update, long nowMs);

    /** What to send once a minute about the incidents that are open; nothing unless the receiver forgets. */
    default Optional<HttpRequest> remind(List<Incident> open, long nowMs) {
        return Optional.empty();
    }
}
