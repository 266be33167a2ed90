package io.instabilityguard.evaluation.broker;

import io.instabilityguard.evaluation.UserError;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;

/** The folder of a node's records, made ready for its first start. */
final class BrokerFolder {
    private BrokerFolder() {}

    /** Formats the folder as the only node of a cluster of its own, unless it is formatted. */
    static void format(BrokerSettings settings) {
        format(settings, Uuid.randomUuid());
    }

    /**
     * Formats the folder, unless it is formatted.
     *
     * @throws UserError when it cannot be used
     */
    static void format(BrokerSettings settings, Uuid cluster) {
        String folder = settings.folder().toString();
        if (Files.exists(settings.folder().resolve("meta.properties"))) {
            return;
        }
        PrintStream unheard = new PrintStream(new ByteArrayOutputStream(), false, StandardCharsets.UTF_8);
        try {
            Files.createDirectories(settings.folder());
            new Formatter()
                    .setPrintStream(unheard)
                    .setNodeId(settings.nodeId())
                    .setClusterId(cluster.toString())
                    .setControllerListenerName(BrokerSettings.CONTROLLER_LISTENER)
                    .setDirectories(List.of(folder))
                    .setMetadataLogDirectory(folder)
                    .setReleaseVersion(MetadataVersion.LATEST_PRODUCTION)
                    .run();
        } catch (IOException e) {
            throw UserError.environment("cannot use the folder " + folder + " for the broker: " + e.getMessage());
        } catch (Exception e) { // Formatter.run declares it
            throw new IllegalStateException("the broker's folder " + folder + " cannot be formatted", e);
        }
    }
}
