package io.instabilityguard.evaluation.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.trainer.Python;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Python that has imported torch once and forks trainers from then on, because a trial cannot wait for torch. The trainers end with it, and it with this
 * process.
 */
final class Nursery implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(Nursery.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int PATIENCE_SECONDS = 60;

    private final Process process;
    private final Writer orders;
    private final BlockingQueue<List<Long>> born = new LinkedBlockingQueue<>();
    private final Map<Long, Integer> exits = new ConcurrentHashMap<>();

    private Nursery(Process process) {
        this.process = process;
        this.orders = process.outputWriter(StandardCharsets.UTF_8);
    }

    /** Starts it; it is ready a few seconds later. */
    static Nursery start(Python python, Path script, Path log) {
        try {
            Nursery nursery = new Nursery(python.process(List.of(script.toString()))
                    .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start());
            Thread listener = new Thread(nursery::listen, "nursery");
            listener.setDaemon(true);
            listener.start();
            return nursery;
        } catch (IOException e) {
            throw UserError.environment("cannot start the trainers: " + e.getMessage());
        }
    }

    /** Forks the ranks of a run; their process ids in the order of the ranks. One call at a time. */
    synchronized List<Long> fork(Map<String, Object> job) {
        try {
            orders.write(JSON.writeValueAsString(job) + "\n");
            orders.flush();
            List<Long> pids = born.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (pids == null) {
                throw new IllegalStateException("no trainer was started within " + PATIENCE_SECONDS + " s");
            }
            return pids;
        } catch (IOException e) {
            throw new UncheckedIOException("the trainers' nursery has ended", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a trainer was started", e);
        }
    }

    /** The exit status of a rank that has ended, negative for the signal that ended it. */
    Optional<Integer> exit(long pid) {
        return Optional.ofNullable(exits.get(pid));
    }

    private void listen() {
        try (BufferedReader answers = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = answers.readLine(); line != null; line = answers.readLine()) {
                hear(JSON.readTree(line));
            }
        } catch (IOException e) {
            LOGGER.debug("the nursery fell silent", e);
        }
    }

    private void hear(JsonNode answer) {
        if (answer.has("pids")) {
            born.add(StreamSupport.stream(answer.get("pids").spliterator(), false)
                    .map(JsonNode::asLong)
                    .toList());
        } else if (answer.has("status")) {
            exits.put(answer.get("pid").asLong(), answer.get("status").asInt());
        }
    }

    @Override
    public void close() {
        try {
            orders.close();
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
