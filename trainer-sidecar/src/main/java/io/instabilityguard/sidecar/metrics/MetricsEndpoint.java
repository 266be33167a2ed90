package io.instabilityguard.sidecar.metrics;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.exporter.httpserver.HTTPServer;
import java.io.IOException;
import java.net.InetSocketAddress;

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
     * @param address where to listen; port 0 for any free one
     * @throws IOException with one line that says what to do, when it cannot be used
     */
    public static MetricsEndpoint open(InetSocketAddress address) throws IOException {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        if (address.isUnresolved()) {
            throw new IOException("metrics.address: no such host: " + address.getHostString());
        }
        try {
            HTTPServer server = HTTPServer.builder()
                    .inetAddress(address.getAddress())
                    .port(address.getPort())
                    .registry(registry.getPrometheusRegistry())
                    .buildAndStart();
            return new MetricsEndpoint(registry, server);
        } catch (IOException e) {
            throw new IOException(
                    "metrics.address " + address + " cannot be used: free the port or name another (" + e.getMessage()
                            + ")",
                    e);
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
