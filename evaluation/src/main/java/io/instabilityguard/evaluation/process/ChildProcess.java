package io.instabilityguard.evaluation.process;

import io.instabilityguard.evaluation.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A process of this machine that faults can be done to: killed (SIGKILL), suspended (SIGSTOP) and resumed (SIGCONT), ended, started again with
 * the same command line. What it says, on both channels, is added to its log. Any thread.
 */
public final class ChildProcess implements AutoCloseable {
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);

    private final String name;
    private final List<String> command;
    private final Map<String, String> environment;
    private final Path log;
    private @Nullable Process process;

    private ChildProcess(String name, List<String> command, Map<String, String> environment, Path log) {
        this.name = name;
        this.command = List.copyOf(command);
        this.environment = Map.copyOf(environment);
        this.log = log;
    }

    /**
     * A process that does not run yet.
     *
     * @param name for people
     * @param builder command line and additions to the environment; nothing else of it is used
     * @param log file for what it says; its folder exists
     */
    public static ChildProcess of(String name, ProcessBuilder builder, Path log) {
        Map<String, String> environment = new TreeMap<>(builder.environment());
        environment.entrySet().removeIf(entry -> entry.getValue().equals(System.getenv(entry.getKey())));
        return new ChildProcess(name, builder.command(), environment, log);
    }

    /**
     * A JVM like this one, on the same class path, that ends when this process ends, however that happens.
     *
     * @param flags of the JVM
     * @param main name of the class with the main method
     */
    public static ChildProcess java(String name, List<String> flags, String main, List<String> arguments, Path log) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), BoundToParent.class.getName(), main));
        command.addAll(arguments);
        return new ChildProcess(name, command, Map.of(), log);
    }

    /**
     * Starts it, again if it has run before.
     *
     * @throws UserError when the operating system refuses
     * @throws IllegalStateException when it runs
     */
    public synchronized ChildProcess start() {
        if (isAlive()) {
            throw new IllegalStateException(name + " runs already");
        }
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        try {
            process = builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
        } catch (IOException e) {
            throw UserError.environment("cannot start " + name + ": " + e.getMessage());
        }
        return this;
    }

    /** Starts it unless it runs, and lets it go on if it is suspended: as it should be, whatever was done to it. */
    public synchronized void revive() {
        if (isAlive()) {
            resume();
            allowWrites();
        } else {
            start();
        }
    }

    /** For people. */
    public String name() {
        return name;
    }

    /** Whether it runs; true also while it is suspended. */
    public boolean isAlive() {
        return process != null && process.isAlive();
    }

    /** Its process id; -1 when it has never run. */
    public long pid() {
        return process == null ? -1 : process.pid();
    }

    /** Kills it as a crash would, and waits until it is gone. */
    public void kill() {
        if (process != null) {
            process.destroyForcibly().onExit().join();
        }
    }

    /** Stops its clock, so to speak: it keeps its memory and its connections, and does nothing. */
    public void suspend() {
        signal("STOP");
    }

    /** Lets a suspended process go on; without effect on one that runs. */
    public void resume() {
        signal("CONT");
    }

    private void signal(String signal) {
        if (process != null && process.isAlive()) {
            Signals.send(signal, process.pid());
        }
    }

    /**
     * Has the operating system refuse every byte that it writes to a file from now on (a limit of zero on the size of files: EFBIG where a full disk says
     * ENOSPC), and needs neither privileges nor a disk of its own.
     */
    public void refuseWrites() {
        limitFiles("0:");
    }

    /** Takes that back. */
    public void allowWrites() {
        limitFiles("unlimited:");
    }

    private void limitFiles(String softLimit) {
        if (process != null && process.isAlive()) {
            Signals.run(List.of("prlimit", "--pid=" + process.pid(), "--fsize=" + softLimit));
        }
    }

    /** Waits for its end; its exit status, or null when it still runs after that time. */
    public @Nullable Integer awaitExit(Duration timeout) {
        try {
            if (process != null && process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                return process.exitValue();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return null;
    }

    /** The last line that it said, for messages about its failure. */
    public String lastWords() {
        try (Stream<String> lines = Files.lines(log)) {
            return lines.filter(line -> !line.isBlank())
                    .reduce((earlier, later) -> later)
                    .orElse("it said nothing");
        } catch (IOException e) {
            return "its log cannot be read";
        }
    }

    /** Asks it to end (SIGTERM) without waiting. */
    public void end() {
        if (process != null) {
            process.destroy();
            resume();
        }
    }

    /** Asks it to end and waits at most 10 seconds before it is killed. */
    @Override
    public void close() {
        end();
        if (awaitExit(CLOSE_TIMEOUT) == null) {
            kill();
        }
    }
}
