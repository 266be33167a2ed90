package io.instabilityguard.evaluation.fuzz;

import io.instabilityguard.evaluation.Launch;
import io.instabilityguard.guard.progress.Progress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Feeds inputs to readers and watches what they do. Input {@code i} depends on the seed and {@code i} alone. A reader accepts an input or
 * refuses it by a declared exception with a reason of one line; within its {@link Target#allowance} of memory and two seconds of processor.
 */
final class Fuzzing implements AutoCloseable {
    private static final Duration LONGEST_READ = Duration.ofSeconds(2);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);
    private static final int WARM_UP = 50;
    private static final Logger LOGGER = LoggerFactory.getLogger(Fuzzing.class);
    private static final long GOLDEN_GAMMA = 0x9E37_79B9_7F4A_7C15L;

    private final long seed;
    private final List<Share> shares;
    private final Map<String, Tally> tallies = Collections.synchronizedMap(new LinkedHashMap<>());
    private final Map<String, Finding> findings = Collections.synchronizedMap(new LinkedHashMap<>());
    private final AtomicLong done = new AtomicLong();
    private volatile byte[] inFlight = {};
    private volatile String readBy = "";

    /**
     * A target and how much of the inputs it gets.
     *
     * @param weight its share, relative to the sum of all
     */
    record Share(Target target, int weight) {}

    Fuzzing(long seed, List<Share> shares) {
        this.seed = seed;
        this.shares = List.copyOf(shares);
        shares.forEach(share -> tallies.put(share.target().name(), Tally.NONE));
    }

    /** Everything of the product that reads what others wrote; {@code home} is the root of the repository. */
    static Fuzzing ofEverything(long seed, Path home) {
        GoldenSamples samples = GoldenSamples.read(home);
        try {
            ReleasedRegistry registry = ReleasedRegistry.start(samples.records());
            return new Fuzzing(
                    seed,
                    List.of(
                            new Share(new MessageTarget(samples.messages()), 38),
                            new Share(new StagingTarget(samples.staging()), 10),
                            new Share(RecordTarget.singleObject(samples.records()), 27),
                            new Share(RecordTarget.confluent(samples.records(), registry), 20),
                            new Share(new PolicyTarget(), 5)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads so many inputs, or fewer when one of them never comes back. */
    FuzzReport run(long inputs, Progress progress) {
        shares.forEach(share -> warmUp(share.target()));
        long started = System.nanoTime();
        ExecutorService reader = Executors.newSingleThreadExecutor(Fuzzing::daemon);
        boolean stuck = !awaitEnd(reader.submit(() -> readAll(inputs, progress)));
        reader.shutdown();
        List<Finding> found = new ArrayList<>(stuck ? List.of(hang()) : List.of());
        found.addAll(findings.values());
        double seconds = (System.nanoTime() - started) / 1e9;
        return new FuzzReport(done.get(), seed, Launch.commit(), seconds, new LinkedHashMap<>(tallies), found);
    }

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "fuzzing");
        thread.setDaemon(true);
        return thread;
    }

    /** Loading classes and filling caches costs memory, once, and is no input's fault. */
    private void warmUp(Target target) {
        RandomGenerator random = new SplittableRandom(~seed);
        for (int i = 0; i < WARM_UP; i++) {
            Verdict.of(target, target.input(random));
        }
    }

    private void readAll(long inputs, Progress progress) {
        for (long index = 0; index < inputs; index++) {
            RandomGenerator random = new SplittableRandom(seed + index * GOLDEN_GAMMA);
            read(index, chosen(random), random);
            done.incrementAndGet();
            progress.done(1);
        }
    }

    private Target chosen(RandomGenerator random) {
        int left = random.nextInt(shares.stream().mapToInt(Share::weight).sum());
        int chosen = 0;
        while (left >= shares.get(chosen).weight()) {
            left -= shares.get(chosen).weight();
            chosen++;
        }
        return shares.get(chosen).target();
    }

    private void read(long index, Target target, RandomGenerator random) {
        byte[] input = target.input(random);
        readBy = target.name();
        inFlight = input;
        Cost before = Cost.soFar();
        Verdict verdict = Verdict.of(target, input);
        Cost cost = Cost.soFar().since(before);
        Verdict judged = verdict.isGood() ? withinBounds(target, input, verdict, cost) : verdict;
        tallies.put(
                target.name(),
                Objects.requireNonNull(tallies.get(target.name())).with(judged, cost));
        if (!judged.isGood()) {
            Finding finding = finding(target.name(), judged, index, input);
            findings.merge(target.name() + judged.cause(), finding, (first, again) -> first.again());
        }
    }

    private static Verdict withinBounds(Target target, byte[] input, Verdict verdict, Cost cost) {
        if (cost.allocatedBytes() > target.allowance(input.length)) {
            return Verdict.problem(
                    "allocated " + cost.allocatedBytes() + " bytes for an input of " + input.length, "memory");
        }
        return cost.cpuNanos() > LONGEST_READ.toNanos()
                ? Verdict.problem("took " + cost.cpuNanos() / 1_000_000 + " ms of the processor", "time")
                : verdict;
    }

    private static Finding finding(String target, Verdict verdict, long index, byte[] input) {
        String problem = Objects.requireNonNull(verdict.problem());
        return new Finding(target, problem, index, 1, Base64.getEncoder().encodeToString(input));
    }

    /** False when one input has kept the reader for too long. */
    private boolean awaitEnd(Future<?> reading) {
        for (long seen = -1; seen != done.get(); ) {
            seen = done.get();
            try {
                reading.get(LONGEST_WAIT.toMillis(), TimeUnit.MILLISECONDS);
                return true;
            } catch (TimeoutException e) {
                LOGGER.debug("{} inputs read", seen);
            } catch (ExecutionException e) {
                throw new IllegalStateException("input " + done.get() + " could not be made", e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted after " + done.get() + " inputs", e);
            }
        }
        return false;
    }

    private Finding hang() {
        return finding(readBy, Verdict.problem("did not come back", "hang"), done.get(), inFlight);
    }

    @Override
    public void close() {
        shares.forEach(share -> share.target().close());
    }
}
