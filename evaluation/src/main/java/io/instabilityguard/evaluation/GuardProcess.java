package io.instabilityguard.evaluation;

import io.instabilityguard.evaluation.AllInOneConfig.GuardMode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The all-in-one process as a child of this one, on a temporary folder: what {@code ./guard up} starts, so that demo and
 * evaluation measure the real thing and survive its death. It stops when this process ends, however that happens.
 */
public final class GuardProcess implements AutoCloseable {
    private static final Duration READY_TIMEOUT = Duration.ofSeconds(90);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(20);

    private final Path folder;
    private final Process process;
    private final Endpoints endpoints;

    private GuardProcess(Path folder, Process process, Endpoints endpoints) {
        this.folder = folder;
        this.process = process;
        this.endpoints = endpoints;
    }

    /**
     * Starts the process, to command what it decides, and waits until it is ready.
     *
     * @param options further options of {@code up}
     * @throws UserError in the process's own last words when it cannot start
     */
    public static GuardProcess start(List<String> options) {
        return start(GuardMode.ENFORCE, options);
    }

    /**
     * Starts the process and waits until it is ready.
     *
     * @param mode what the guard may do
     * @param options further options of {@code up}
     * @throws UserError in the process's own last words when it cannot start
     */
    public static GuardProcess start(GuardMode mode, List<String> options) {
        try {
            Path folder = Files.createTempDirectory("guard-");
            Process process = new ProcessBuilder(command(folder, mode, options))
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(log(folder).toFile())
                    .start();
            return new GuardProcess(folder, process, awaitReady(folder, process));
        } catch (IOException e) {
            throw UserError.environment("cannot start the guard's process: " + e.getMessage());
        }
    }

    /**
     * Starts the process with this policy and waits until it is ready.
     *
     * @param policy YAML
     * @param options further options of {@code up}
     * @throws UserError in the process's own last words when it cannot start
     */
    public static GuardProcess startWithPolicy(GuardMode mode, String policy, List<String> options) {
        try {
            Path file = Files.createTempFile("guard-policy", ".yaml");
            try {
                Files.writeString(file, policy);
                List<String> all = new ArrayList<>(options);
                all.addAll(List.of("--policy", file.toString()));
                return start(mode, all);
            } finally {
                Files.delete(file); // the process has read it
            }
        } catch (IOException e) {
            throw UserError.environment("cannot hand the policy to the guard: " + e.getMessage());
        }
    }

    private static List<String> command(Path folder, GuardMode mode, List<String> options) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), GuardCommand.class.getName(), "up"));
        command.addAll(
                List.of("--data", folder.toString(), "--socket", socket(folder).toString()));
        command.addAll(List.of("--mode", mode.name(), "--stop-with-parent"));
        command.addAll(options);
        return command;
    }

    private static Path socket(Path folder) {
        return folder.resolve("socket").resolve("guard.sock");
    }

    private static Path log(Path folder) {
        return folder.resolve("guard.log");
    }

    private static Endpoints awaitReady(Path folder, Process process) {
        long deadline = System.nanoTime() + READY_TIMEOUT.toNanos();
        try {
            while (System.nanoTime() < deadline) {
                Optional<Endpoints> endpoints = Endpoints.readFrom(folder);
                if (endpoints.isPresent()) {
                    return endpoints.get();
                }
                if (process.waitFor(50, TimeUnit.MILLISECONDS)) {
                    throw UserError.environment("the guard's process did not start: " + lastWords(folder));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
        throw UserError.environment(
                "the guard's process was not ready within " + READY_TIMEOUT.toSeconds() + " s; see " + log(folder));
    }

    private static String lastWords(Path folder) {
        try (Stream<String> lines = Files.lines(log(folder))) {
            return lines.filter(line -> !line.isBlank())
                    .reduce((earlier, later) -> later)
                    .orElse("it said nothing");
        } catch (IOException e) {
            return "its log cannot be read";
        }
    }

    /** Where it can be reached. */
    public Endpoints endpoints() {
        return endpoints;
    }

    /** Whether it still runs. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Kills it as a crash would, without any farewell. */
    public void kill() {
        process.destroyForcibly().onExit().join();
    }

    /** Stops it and removes its folder. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
                kill();
            }
            deleteFolder();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private void deleteFolder() {
        try (Stream<Path> paths = Files.walk(folder)) {
            paths.sorted(Comparator.reverseOrder())
                    .forEach(path -> path.toFile().delete());
        } catch (IOException e) {
            folder.toFile().deleteOnExit();
        }
    }
}
