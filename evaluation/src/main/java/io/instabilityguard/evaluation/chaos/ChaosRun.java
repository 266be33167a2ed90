package io.instabilityguard.evaluation.chaos;

import io.instabilityguard.evaluation.broker.FreePort;
import io.instabilityguard.evaluation.chaos.violation.Alarm;
import io.instabilityguard.evaluation.chaos.violation.RankLog;
import io.instabilityguard.evaluation.chaos.violation.RunFacts;
import io.instabilityguard.evaluation.chaos.violation.RunFacts.Suspension;
import io.instabilityguard.evaluation.process.Signals;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/** One run of a trial: its trainers, generation after generation. Any thread. */
final class ChaosRun {
    static final double COMMAND_TIMEOUT_SECONDS = 1;
    private static final int STEP_MILLIS = 100;
    private static final int MOST_STEPS = 4_000;
    private static final int CHECKPOINT_EVERY = 20;
    private static final Duration FAREWELL = Duration.ofSeconds(3);

    private final String id;
    private final List<Sidecar> sidecars;
    private final long seed;
    private final Path folder;
    private final Nursery nursery;
    private final List<List<Long>> generations = new ArrayList<>();
    private final Set<Long> killed = new HashSet<>();
    private final List<Suspension> suspensions = new ArrayList<>();
    private final Map<Long, Double> suspendedSince = new HashMap<>();

    /** A run with one rank beside each of these sidecars, in a folder of its own. */
    ChaosRun(String id, List<Sidecar> sidecars, long seed, Path folder, Nursery nursery) {
        this.id = id;
        this.sidecars = List.copyOf(sidecars);
        this.seed = seed;
        this.folder = folder;
        this.nursery = nursery;
    }

    String id() {
        return id;
    }

    int ranks() {
        return sidecars.size();
    }

    /** Starts its trainers, as the next generation. */
    synchronized void begin() {
        int generation = generations.size() + 1;
        Map<String, Object> job = new HashMap<>();
        job.put("run", id);
        job.put("generation", generation);
        job.put(
                "sockets",
                sidecars.stream().map(each -> each.socket().toString()).toList());
        job.put(
                "logs",
                IntStream.range(0, ranks())
                        .mapToObj(rank -> log(generation, rank).toString())
                        .toList());
        job.put("port", FreePort.any());
        job.put("seed", seed);
        job.put("checkpoint", folder.resolve("checkpoint").toString());
        job.put("checkpointEvery", CHECKPOINT_EVERY);
        job.put("stop", stopFile().toString());
        job.put("mostSteps", MOST_STEPS);
        job.put("stepMillis", STEP_MILLIS);
        job.put("agreeEvery", agreeEvery());
        job.put("commandTimeout", COMMAND_TIMEOUT_SECONDS);
        job.put("alarms", Alarm.words());
        job.put("alarmPeriod", Alarm.PERIOD);
        generations.add(nursery.fork(job));
    }

    private int agreeEvery() {
        return ranks() == 1 ? 1 : 3;
    }

    private Path log(long generation, int rank) {
        return folder.resolve("generation-" + generation + "-rank-" + rank + ".log");
    }

    private Path stopFile() {
        return folder.resolve("stop");
    }

    /** The generation that trains now, from 1 on. */
    synchronized long generation() {
        return generations.size();
    }

    private List<Long> pids() {
        return generations.get(generations.size() - 1);
    }

    /** SIGKILL to a rank. */
    synchronized void kill(int rank) {
        killed.add(pids().get(rank));
        Signals.send("KILL", pids().get(rank));
    }

    /** What whoever runs the training does about a rank that died: ends the others, which cannot go on, and starts all again. */
    void restart() {
        Await.atMost(FAREWELL, this::haveAllEnded);
        synchronized (this) {
            killed.addAll(pids());
            pids().forEach(pid -> Signals.send("KILL", pid));
        }
        Await.atMost(FAREWELL, this::haveAllEnded);
        begin();
    }

    synchronized void suspend(int rank) {
        long pid = pids().get(rank);
        suspendedSince.put(pid, (double) System.currentTimeMillis());
        Signals.send("STOP", pid);
    }

    /** Lets every rank that was suspended go on. */
    synchronized void resume() {
        suspendedSince.forEach((pid, since) -> {
            Signals.send("CONT", pid);
            suspensions.add(new Suspension(pid, since, System.currentTimeMillis()));
        });
        suspendedSince.clear();
    }

    /** Tells the trainers to end at their next step. */
    void stop() {
        try {
            Files.createFile(stopFile());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + stopFile(), e);
        }
    }

    synchronized boolean haveAllEnded() {
        return pids().stream().allMatch(pid -> nursery.exit(pid).isPresent());
    }

    /** Kills what is left of it. */
    synchronized void end() {
        pids().forEach(pid -> Signals.send("KILL", pid));
    }

    /** Whether every rank of the present generation has passed a step. */
    boolean hasBegun() {
        return IntStream.range(0, ranks())
                .noneMatch(rank -> read(generation(), rank).steps().isEmpty());
    }

    private RankLog read(long generation, int rank) {
        return RankLog.read(log(generation, rank), generation, rank);
    }

    /** What is known of it now. */
    synchronized RunFacts facts() {
        List<RankLog> logs = new ArrayList<>();
        Map<Long, Integer> exits = new HashMap<>();
        for (int generation = 1; generation <= generations.size(); generation++) {
            for (int rank = 0; rank < ranks(); rank++) {
                logs.add(read(generation, rank));
            }
            generations.get(generation - 1).forEach(pid -> nursery.exit(pid).ifPresent(exit -> exits.put(pid, exit)));
        }
        Set<Integer> unreliable = new HashSet<>();
        for (int rank = 0; rank < ranks(); rank++) {
            if (sidecars.get(rank).hasDied()) {
                unreliable.add(rank);
            }
        }
        double bound = COMMAND_TIMEOUT_SECONDS * 1_000;
        return new RunFacts(id, ranks(), seed, logs, exits, killed, suspensions, unreliable, agreeEvery(), bound);
    }
}
