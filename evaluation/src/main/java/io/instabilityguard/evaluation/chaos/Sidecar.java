package io.instabilityguard.evaluation.chaos;

import io.instabilityguard.evaluation.chaos.violation.Acknowledgement;
import io.instabilityguard.evaluation.process.ChildProcess;
import io.instabilityguard.evaluation.process.Yaml;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A sidecar in a process of its own, which writes down what brokers acknowledge. */
final class Sidecar {
    private final Path folder;
    private final ChildProcess process;
    private boolean died;

    private Sidecar(Path folder, ChildProcess process) {
        this.folder = folder;
        this.process = process;
    }

    /** A sidecar that does not run yet, in a folder of its own. */
    static Sidecar of(String name, Path folder, String bootstrapServers) {
        Path ledger = folder.resolve("acknowledged");
        Path config = Yaml.write(
                folder.resolve("sidecar.yaml"),
                Map.of(
                        "socket",
                        socket(folder).toString(),
                        "state.folder",
                        folder.resolve("journal").toString(),
                        "bootstrap.servers",
                        bootstrapServers,
                        "command.timeout.ms",
                        (int) (1_000 * ChaosRun.COMMAND_TIMEOUT_SECONDS),
                        "kafka",
                        Map.of(
                                "interceptor.classes",
                                AckLedger.class.getName(),
                                AckLedger.FILE,
                                ledger.toString(),
                                "max.block.ms",
                                500,
                                "request.timeout.ms",
                                2_000,
                                "delivery.timeout.ms",
                                6_000,
                                "reconnect.backoff.max.ms",
                                200)));
        return new Sidecar(
                folder,
                ChildProcess.java(
                        name,
                        ChaosLab.JVM,
                        "io.instabilityguard.sidecar.SidecarMain",
                        List.of("--config", config.toString()),
                        folder.resolve("sidecar.log")));
    }

    Path socket() {
        return socket(folder);
    }

    private static Path socket(Path folder) {
        return folder.resolve("socket").resolve("guard.sock");
    }

    ChildProcess process() {
        return process;
    }

    boolean isListening() {
        return Files.exists(socket());
    }

    /** Kills it. */
    void kill() {
        died = true;
        process.kill();
    }

    /** Asks it to end. */
    void end() {
        died = true;
        process.close();
    }

    /** Whether it ended since this was {@link #forgive forgiven}. */
    boolean hasDied() {
        return died;
    }

    void forgive() {
        died = false;
    }

    /** What brokers have told it so far. */
    List<Acknowledgement> acknowledgements() {
        return Acknowledgement.read(folder.resolve("acknowledged"));
    }
}
