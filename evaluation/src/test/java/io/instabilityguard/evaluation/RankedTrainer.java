package io.instabilityguard.evaluation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The ranks of one run of the reference trainer, a process each, which train until {@link #end} is called. */
final class RankedTrainer implements AutoCloseable {
    private final List<Process> ranks = new ArrayList<>();

    /** Starts one rank per socket. */
    static RankedTrainer start(Path folder, String run, String scenario, List<Path> sockets) throws IOException {
        RankedTrainer trainer = new RankedTrainer();
        for (int rank = 0; rank < sockets.size(); rank++) {
            List<String> arguments = List.of(
                    script(),
                    Integer.toString(rank),
                    Integer.toString(sockets.size()),
                    folder.resolve("meeting").toString(),
                    sockets.get(rank).toString(),
                    run,
                    scenario);
            Path errors = folder.resolve("rank-" + rank + ".log");
            trainer.ranks.add(Lab.python()
                    .process(arguments)
                    .redirectError(errors.toFile())
                    .start());
        }
        return trainer;
    }

    private static String script() {
        try {
            return Path.of(Objects.requireNonNull(RankedTrainer.class.getResource("ranked_trainer.py"))
                            .toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    boolean isAlive() {
        return ranks.stream().allMatch(Process::isAlive);
    }

    /** Ends all ranks at the same step; what each says of its run. */
    List<JsonNode> end() throws IOException {
        for (Process rank : ranks) {
            rank.getOutputStream().close();
        }
        List<JsonNode> words = new ArrayList<>();
        for (Process rank : ranks) {
            words.add(new ObjectMapper().readTree(rank.getInputStream().readAllBytes()));
        }
        return words;
    }

    @Override
    public void close() {
        ranks.forEach(rank -> rank.destroyForcibly().onExit().join());
    }
}
