package io.instabilityguard.sidecar.metrics;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.exporter.httpserver.HTTPServer;
import java.io.IOException;
import java.net.InetAddress;

/** A registry of meters that Prometheus reads over HTTP at {@code /metrics}. */
public final class MetricsEndpoint implements AutoCloseable {
    private final PrometheusMeterRegistry registry;
    private final HTTPServer server;

    private MetricsEndpoint(PrometheusMeterRegistry registry, HTTPServer server) {
        this.registry = registry;
        this.server = server;
    }

    /**
     * Listens at once; the meters of this JVM are there.
     *
     * @param address where to listen
     * @param port 0 for any free one
     * @throws IOException with one line that says what to do, when the port is taken
     */
    public static MetricsEndpoint open(InetAddress address, int port) throws IOException {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        try {
            HTTPServer server = HTTPServer.builder()
                    .inetAddress(address)
                    .port(port)
                    .registry(registry.getPrometheusRegistry())
                    .buildAndStart();
            return new MetricsEndpoint(registry, server);
        } catch (IOException e) {
            throw new IOException(
                    "metrics.port " + port + " cannot be used: free it or name another (" + e.getMessage() + ")", e);
        }
    }

    /** Where meters are registered. */
    public MeterRegistry registry() {
        return registry;
    }

    /** The port it listens on. */
    public int port() {
        return server.getPort();
    }

    @Override
    public void close() {
        server.close();
        registry.close();
    }
}
