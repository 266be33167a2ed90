package io.instabilityguard.guard.console;

import io.instabilityguard.guard.canary.CanaryMeters;
import io.instabilityguard.guard.canary.CanaryProbe;
import io.instabilityguard.guard.canary.CanaryResult;
import io.instabilityguard.guard.canary.CanaryRun;
import io.instabilityguard.guard.policy.PolicyException;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.exporter.httpserver.HTTPServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code guard canary}: a synthetic collapse every few minutes, and metrics that say whether it was detected. */
@Command(
        name = "canary",
        description = {
            "Sends a tiny synthetic run with a planted anomaly through the real topics, waits for the alarm and serves"
                    + " the result to Prometheus, again and again.",
            "With --once: one probe. It writes telemetry and reads anomalies, nothing else."
        },
        footer = {"", "Example: guard canary --once --bootstrap-servers localhost:9092"},
        exitCodeList = {
            "0:detected (--once)",
            "1:missed (--once), or the brokers do not answer",
            ConsoleMain.BAD_OPTIONS
        },
        mixinStandardHelpOptions = true)
final class CanaryCommand extends ClusterCommand implements Callable<Integer> {

    @Option(names = "--once", description = "One probe, and no metrics.")
    private boolean once;

    @Option(
            names = "--run",
            paramLabel = "ID",
            description = "Id of the run; it must begin with guard-canary. Default: ${DEFAULT-VALUE}.")
    private String run = CanaryRun.PREFIX;

    @Option(names = "--every-seconds", paramLabel = "S", description = "Between two probes. Default: ${DEFAULT-VALUE}.")
    private int everySeconds = 300;

    @Option(
            names = "--patience-seconds",
            paramLabel = "S",
            description = "Until a canary counts as missed. Default: ${DEFAULT-VALUE}.")
    private int patienceSeconds = 30;

    @Option(
            names = "--metrics-address",
            paramLabel = "HOST",
            description = "Where Prometheus reads /metrics. Default: ${DEFAULT-VALUE}.")
    private String metricsAddress = "127.0.0.1";

    @Option(names = "--metrics-port", paramLabel = "P", description = "Its port. Default: ${DEFAULT-VALUE}.")
    private int metricsPort = 9_401;

    @Override
    public Integer call() throws IOException, InterruptedException {
        check();
        CanaryProbe probe = new CanaryProbe(cluster.clients(), run, Clock.systemUTC());
        if (once) {
            return show(probe.probe(Duration.ofSeconds(patienceSeconds))) ? 0 : 1;
        }
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        CanaryMeters meters = new CanaryMeters(registry, Duration.ofSeconds(everySeconds), Clock.systemUTC());
        try (HTTPServer server = serve(registry)) {
            say("metrics at http://" + metricsAddress + ":" + server.getPort() + "/metrics");
            while (!Thread.currentThread().isInterrupted()) {
                CanaryResult result = probe.probe(Duration.ofSeconds(patienceSeconds));
                meters.count(result);
                show(result);
                TimeUnit.SECONDS.sleep(everySeconds);
            }
        }
        return 0;
    }

    private void check() {
        if (!CanaryRun.isCanary(run)) {
            throw new PolicyException("--run: must begin with " + CanaryRun.PREFIX
                    + ", so that it is counted as no run and pages nobody, not " + run);
        }
        if (everySeconds < 1 || patienceSeconds < 1) {
            throw new PolicyException("--every-seconds and --patience-seconds must be 1 or more");
        }
    }

    private boolean show(CanaryResult result) {
        Listing listing = output.listing("canary", "detected", "millis", "reason");
        listing.add(run, result.isDetected(), result.latency().toMillis(), result.reason());
        listing.print(out());
        out().flush();
        return result.isDetected();
    }

    private HTTPServer serve(PrometheusMeterRegistry registry) throws IOException {
        try {
            return HTTPServer.builder()
                    .inetAddress(InetAddress.getByName(metricsAddress))
                    .port(metricsPort)
                    .registry(registry.getPrometheusRegistry())
                    .buildAndStart();
        } catch (UnknownHostException e) {
            throw new PolicyException("--metrics-address: no such host: " + metricsAddress);
        } catch (IOException e) {
            throw new IOException(
                    "--metrics-port " + metricsPort + " of " + metricsAddress
                            + " cannot be used: free it or name another (" + e.getMessage() + ")",
                    e);
        }
    }
}
