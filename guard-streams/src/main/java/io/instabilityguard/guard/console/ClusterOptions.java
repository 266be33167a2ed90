package io.instabilityguard.guard.console;

import io.instabilityguard.guard.GuardConfig;
import io.instabilityguard.guard.policy.PolicyBook;
import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.schemas.RecordSerdes;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** How a command reaches Kafka: by the guard's own configuration file, or by the brokers alone. */
public final class ClusterOptions {

    @Option(
            names = "--config",
            paramLabel = "F",
            scope = ScopeType.INHERIT,
            defaultValue = "${env:GUARD_CONFIG}",
            description = "The guard's configuration, YAML; default: $GUARD_CONFIG.")
    private @Nullable Path config;

    @Option(
            names = "--bootstrap-servers",
            paramLabel = "HOST:PORT",
            scope = ScopeType.INHERIT,
            defaultValue = "${env:GUARD_BOOTSTRAP_SERVERS}",
            description = "Brokers, instead of --config; default: $GUARD_BOOTSTRAP_SERVERS. `guard up` prints its own.")
    private @Nullable String bootstrapServers;

    /** Whether a cluster is named at all. */
    boolean isNamed() {
        return bootstrapServers != null || config != null;
    }

    /** The guard's configuration. Errors: {@link PolicyException} when neither option is given. */
    GuardConfig guard() {
        if (bootstrapServers != null) {
            return GuardConfig.local(bootstrapServers);
        }
        if (config == null) {
            throw new PolicyException("which cluster? name it by --bootstrap-servers HOST:PORT or --config F");
        }
        return GuardConfig.read(config);
    }

    /** The policy of the guard's process; the default one when no guard is named. */
    PolicyBook policies() {
        return config == null
                ? new PolicyBook(PolicyReader.defaults(), null)
                : GuardConfig.read(config).policies();
    }

    /** Settings for any Kafka client. */
    Map<String, Object> clients() {
        return guard().clients();
    }

    /** The serdes of the topics. */
    RecordSerdes serdes() {
        return RecordSerdes.of(clients());
    }
}
