package io.instabilityguard.evaluation.chaos.violation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * A broker told a sidecar that it has this record.
 *
 * @param mark the record's mark
 * @param offset -1 when the broker had it before and does not say where
 */
public record Acknowledgement(String mark, String topic, int partition, long offset) {
    private static final int WORDS = 4;

    /** What a sidecar wrote down; lines that a kill or a full disk tore are left out, and what was never acknowledged is not there. */
    public static List<Acknowledgement> read(Path file) {
        try {
            return !Files.exists(file)
                    ? List.of()
                    : Arrays.stream(Files.readString(file, StandardCharsets.US_ASCII)
                                    .split("\n", -1))
                            .map(line -> line.split(" ", -1))
                            .filter(words -> words.length == WORDS && words[WORDS - 1].matches("-?\\d+"))
                            .map(Acknowledgement::of)
                            .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("the ledger of acknowledgements cannot be read", e);
        }
    }

    private static Acknowledgement of(String[] words) {
        return new Acknowledgement(words[0], words[1], Integer.parseInt(words[2]), Long.parseLong(words[WORDS - 1]));
    }

    String place() {
        return partition + "@" + offset;
    }
}
