package io.instabilityguard.evaluation.chaos;

import io.instabilityguard.evaluation.chaos.fault.Fault;
import io.instabilityguard.evaluation.chaos.violation.Acknowledgement;
import io.instabilityguard.evaluation.chaos.violation.Invariant;
import io.instabilityguard.evaluation.chaos.violation.RunFacts;
import io.instabilityguard.evaluation.chaos.violation.TrialCheck;
import io.instabilityguard.evaluation.chaos.violation.Violation;
import io.instabilityguard.evaluation.process.TemporaryFolder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One trial: a run of two ranks and one of a single rank train, things go wrong and are put right again, training ends, everything settles, and what is left is
 * looked at.
 */
final class Trial {
    private static final Logger LOGGER = LoggerFactory.getLogger(Trial.class);
    private static final Duration BEGINNING = Duration.ofSeconds(60);
    private static final Duration LEAST = Duration.ofMillis(2_500);
    private static final Duration RECOVERY = Duration.ofSeconds(60);
    private static final Duration COMMAND = Duration.ofSeconds(5);
    private static final Duration END = Duration.ofSeconds(30);
    private static final Duration SETTLING = Duration.ofSeconds(60);
    private static final Duration PAUSE = Duration.ofMillis(500);
    private static final int STEPS_AFTERWARDS = 5;

    private final int number;
    private final List<Fault> faults;
    private final ChaosLab lab;
    private final ChaosRun pair;
    private final ChaosRun solo;
    private final List<ChaosRun> runs;
    private final FaultHandler handler;
    private final AtomicInteger commands = new AtomicInteger();
    private final List<Violation> found = Collections.synchronizedList(new ArrayList<>());

    /** The trial of this number, of a campaign of this name. */
    Trial(String campaign, int number, List<Fault> faults, ChaosLab lab) {
        this.number = number;
        this.faults = faults;
        this.lab = lab;
        String name = campaign + "-" + number;
        this.pair = run(name + "-pair", lab.sidecars());
        this.solo = run(
                name + "-solo",
                List.of(lab.sidecars().get(number % lab.sidecars().size())));
        this.runs = List.of(pair, solo);
        this.handler = new FaultHandler(lab, pair, solo);
    }

    private ChaosRun run(String id, List<Sidecar> sidecars) {
        return new ChaosRun(id, sidecars, number, lab.folderOf(id), lab.nursery());
    }

    /** Runs it; what it found. */
    TrialResult run() {
        long start = System.nanoTime();
        TrialCheck.Result result;
        try {
            begin();
            disturb();
            recover();
            end();
            result = settle();
        } finally {
            runs.forEach(ChaosRun::end);
            lab.putRight();
        }
        long millis = Duration.ofNanos(System.nanoTime() - start).toMillis();
        List<Violation> all =
                Stream.concat(found.stream(), result.violations().stream()).toList();
        return TrialResult.of(number, faults, all, result, millis);
    }

    private void begin() {
        lab.sidecars().forEach(Sidecar::forgive);
        lab.reading().onCommand(command -> {
            if (command.getRun().equals(pair.id())) {
                commands.incrementAndGet();
            }
        });
        runs.forEach(ChaosRun::begin);
        require(
                Invariant.TRAINING_GOES_ON,
                BEGINNING,
                "the trainers did not begin",
                () -> runs.stream().allMatch(ChaosRun::hasBegun));
    }

    private void disturb() {
        long least = System.nanoTime() + LEAST.toNanos();
        List<Thread> threads = faults.stream().map(this::started).toList();
        while (threads.stream().anyMatch(Thread::isAlive) || System.nanoTime() < least) {
            lab.reading().poll();
        }
    }

    private Thread started(Fault fault) {
        Thread thread = new Thread(() -> happen(fault), "fault " + fault.kind());
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private void happen(Fault fault) {
        try {
            Await.atMost(COMMAND, () -> commands.get() >= fault.command());
            Thread.sleep(fault.delayMs());
            LOGGER.info("trial {}: {}", number, fault);
            Runnable remedy = handler.inject(fault);
            Thread.sleep(fault.durationMs());
            remedy.run();
            LOGGER.info("trial {}: {} is put right", number, fault.kind());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOGGER.warn("trial {}: {} could not be brought about or put right", number, fault, e);
        }
    }

    /** Every rank is heard of again. */
    private void recover() {
        lab.putRight();
        long commandsBefore = commands.get();
        runs.forEach(run -> {
            for (int rank = 0; rank < run.ranks(); rank++) {
                long generation = run.generation();
                int which = rank;
                long last = lab.reading().lastStep(run.id(), generation, rank);
                require(
                        Invariant.RECOVERS,
                        RECOVERY,
                        run.id() + " rank " + rank + " is not heard of again, last at step " + last,
                        () -> lab.reading().lastStep(run.id(), generation, which) >= last + STEPS_AFTERWARDS);
            }
        });
        require(
                Invariant.RECOVERS,
                RECOVERY,
                pair.id() + " gets no commands any more",
                () -> commands.get() > commandsBefore);
    }

    private void end() {
        runs.forEach(ChaosRun::stop);
        require(
                Invariant.TRAINING_GOES_ON,
                END,
                "the trainers did not end",
                () -> runs.stream().allMatch(ChaosRun::haveAllEnded));
    }

    /** What is still wrong once everything has been consumed and read, or time is up. */
    private TrialCheck.Result settle() {
        require(
                Invariant.RECOVERS,
                SETTLING,
                "the guard has not consumed everything",
                () -> lab.view().isSettled(GuardGroup.APPLICATION)
                        && lab.reading().isAtEnd());
        long deadline = System.nanoTime() + SETTLING.toNanos();
        List<RunFacts> facts = runs.stream().map(ChaosRun::facts).toList();
        TrialCheck.Result result = look(facts);
        while (!result.violations().isEmpty() && System.nanoTime() < deadline) {
            Await.atMost(PAUSE, () -> polled(() -> false));
            result = look(facts);
        }
        lab.check().conclude(facts, result);
        return result;
    }

    /** Acknowledgements are looked up first, so that none is of a record that came after the reading. */
    private TrialCheck.Result look(List<RunFacts> facts) {
        List<Acknowledgement> acknowledgements = lab.sidecars().stream()
                .flatMap(sidecar -> sidecar.acknowledgements().stream())
                .toList();
        Await.atMost(SETTLING, () -> polled(lab.reading()::isAtEnd));
        return lab.check().look(facts, acknowledgements, lab.poison());
    }

    private void require(Invariant invariant, Duration timeout, String otherwise, BooleanSupplier condition) {
        if (!Await.atMost(timeout, () -> polled(condition))) {
            found.add(new Violation(invariant, "", otherwise + " within " + timeout.toSeconds() + " s"));
        }
    }

    /** The topics are read on while something is waited for. */
    private boolean polled(BooleanSupplier condition) {
        lab.reading().poll();
        return condition.getAsBoolean();
    }

    /** Removes what its trainers wrote. */
    void clean() {
        runs.forEach(run -> TemporaryFolder.delete(lab.folderOf(run.id())));
    }
}
