package io.instabilityguard.guard.console;

import io.instabilityguard.guard.deadletter.DeadLetters;
import io.instabilityguard.schemas.DeadLetter;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * All dead letters, and which of them were redriven. That a letter was redriven is itself recorded among the letters: a note of the stage
 * {@value #REDRIVEN} whose origin is the letter.
 */
final class DeadLetterBox {

    /** Stage of the note that a letter was redriven. */
    static final String REDRIVEN = "redriven";

    /** What others write; the guard's own topics are not written to by hand. */
    private static final Set<String> INPUTS = Stream.of(
                    Topics.TELEMETRY, Topics.OUTCOMES, Topics.OPERATOR, Topics.LEASES, Topics.POLICIES)
            .map(Topic::name)
            .collect(Collectors.toUnmodifiableSet());

    private final Map<LetterId, DeadLetter> letters = new LinkedHashMap<>();
    private final Map<LetterId, Headers> headers = new HashMap<>();
    private final Map<LetterId, DeadLetter> notes = new HashMap<>();

    /** Adds a record of the topic of dead letters, and its headers. */
    void add(LetterId id, DeadLetter letter, Headers kept) {
        if (letter.getStage().equals(REDRIVEN)) {
            notes.put(new LetterId(letter.getPartition(), letter.getOffset()), letter);
        } else {
            letters.put(id, letter);
            headers.put(id, kept);
        }
    }

    /** Every letter in the order of the topic's partitions. */
    Map<LetterId, DeadLetter> letters() {
        return letters;
    }

    /** What a letter keeps of the headers of its record. */
    Headers headers(LetterId id) {
        return DeadLetters.headersOf(headers.getOrDefault(id, new RecordHeaders()));
    }

    /** What was noted when a letter was redriven last, if it was. */
    Optional<DeadLetter> redriven(LetterId id) {
        return Optional.ofNullable(notes.get(id));
    }

    /** Why a letter is not redriven; empty when it may be. */
    Optional<String> objection(LetterId id, boolean again) {
        DeadLetter letter = letters.get(id);
        if (letter == null) {
            return Optional.of("there is no letter " + id + ": `guard dead-letters ls` lists them");
        }
        if (!INPUTS.contains(letter.getTopic())) {
            return Optional.of("letter " + id + " comes from "
                    + (letter.getTopic().isEmpty() ? "no topic" : letter.getTopic()) + ", which nobody redrives to");
        }
        return redriven(id)
                .filter(note -> !again)
                .map(note -> "letter " + id + " was redriven before (" + note.getCause()
                        + "): --again does it all the same");
    }

    /** The note that a letter is redriven. */
    static DeadLetter note(LetterId id, String by, long nowMs) {
        return DeadLetter.newBuilder()
                .setTopic(Topics.DEAD_LETTERS.name())
                .setPartition(id.partition())
                .setOffset(id.offset())
                .setRecordTimestampMs(nowMs)
                .setStage(REDRIVEN)
                .setCause("by " + by)
                .setTimestampMs(nowMs)
                .build();
    }
}
