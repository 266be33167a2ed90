package io.instabilityguard.guard.notification;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.net.http.HttpClient;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Tells people and programs of incidents, beside the topology and never in its way. Counts {@code guard_notifications_total{receiver,result}}: sent, failed or dropped. What has been read and not yet
 * sent when the process dies is lost: Prometheus' alerts are the second way.
 */
public final class Notifications implements MeterBinder, AutoCloseable {

    private static final Duration CONNECT = Duration.ofSeconds(3);

    private final List<Delivery> deliveries;
    private final IncidentFeed feed;
    private final Clock clock;

    private Notifications(NotificationConfig config, String application, Map<String, Object> clients, Clock clock) {
        this.clock = clock;
        HttpClient http = HttpClient.newBuilder()
                .connectTimeout(CONNECT)
                .followRedirects(HttpClient.Redirect.NEVER)
                .build();
        deliveries = config.receivers().stream()
                .map(receiver -> new Delivery(receiver, http))
                .toList();
        feed = new IncidentFeed(application + "-notifications", clients, new Distribution(), clock);
    }

    /**
     * Tells of incidents from now on; without receivers nothing is read.
     *
     * @param application id of the guard's application: its processes share the work
     * @param clients settings of Kafka's clients and of the serdes
     */
    public static Notifications start(
            NotificationConfig config, String application, Map<String, Object> clients, Clock clock) {
        Notifications notifications = new Notifications(config, application, clients, clock);
        notifications.deliveries.forEach(Delivery::start);
        if (!notifications.deliveries.isEmpty()) {
            notifications.feed.start();
        }
        return notifications;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        deliveries.forEach(delivery -> {
            count(registry, delivery, "sent", Delivery::sent);
            count(registry, delivery, "failed", Delivery::failed);
            count(registry, delivery, "dropped", Delivery::dropped);
        });
    }

    private static void count(
            MeterRegistry registry, Delivery delivery, String result, ToDoubleFunction<Delivery> value) {
        FunctionCounter.builder("guard.notifications", delivery, value)
                .description("Messages about incidents.")
                .tags("receiver", delivery.receiver().name(), "result", result)
                .register(registry);
    }

    @Override
    public void close() {
        feed.close();
        deliveries.forEach(Delivery::close);
    }

    /** Hands every update to every receiver's queue. */
    private final class Distribution implements IncidentFeed.Listener {

        @Override
        public void changed(IncidentUpdate update) {
            deliveries.forEach(
                    delivery -> delivery.receiver().tell(update, clock.millis()).ifPresent(delivery::offer));
        }

        @Override
        public void open(List<Incident> incidents) {
            deliveries.forEach(delivery ->
                    delivery.receiver().remind(incidents, clock.millis()).ifPresent(delivery::offer));
        }
    }
}
