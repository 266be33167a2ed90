package io.instabilityguard.guard.console;

import static java.util.Objects.requireNonNull;

import io.instabilityguard.schemas.DeadLetter;
import io.instabilityguard.schemas.Topics;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;

/** {@code guard dead-letters}: what could not be read or processed, and sending it once more. */
@Command(
        name = "dead-letters",
        description = "What could not be read or processed.",
        scope = ScopeType.INHERIT,
        footer = {
            "",
            "Examples:",
            "  guard dead-letters ls",
            "  guard dead-letters show 2-17",
            "  guard dead-letters redrive 2-17 --dry-run"
        },
        mixinStandardHelpOptions = true)
final class DeadLettersCommand extends ClusterCommand {

    private static final int SHOWN_BYTES = 256;
    private static final String LETTER = "Letter, as ls writes it: 2-17.";

    @Command(name = "ls", description = "Every letter, one line each.", mixinStandardHelpOptions = true)
    int ls() {
        Listing listing = output.listing("letter", "time", "origin", "key", "stage", "redriven", "cause");
        DeadLetterBox box = box();
        box.letters()
                .forEach((id, letter) -> listing.add(
                        id.toString(),
                        Instant.ofEpochMilli(letter.getTimestampMs()).toString(),
                        letter.getTopic() + "-" + letter.getPartition() + "@" + letter.getOffset(),
                        text(letter.getKey()),
                        letter.getStage(),
                        box.redriven(id).map(DeadLetter::getCause).orElse(""),
                        letter.getCause()));
        listing.print(out());
        return 0;
    }

    @Command(name = "show", description = "All of one letter.", mixinStandardHelpOptions = true)
    int show(@Parameters(paramLabel = "LETTER", description = LETTER) String letter) {
        LetterId id = LetterId.parse(letter);
        DeadLetter found = box().letters().get(id);
        if (found == null) {
            return refuse("there is no letter " + id + ": `guard dead-letters ls` lists them");
        }
        Listing listing = output.listing("field", "value");
        found.getSchema().getFields().forEach(field -> {
            Object value = found.get(field.pos());
            listing.add(field.name(), value instanceof ByteBuffer bytes ? hex(bytes) : String.valueOf(value));
        });
        listing.print(out());
        return 0;
    }

    @Command(
            name = "redrive",
            description = {
                "Publishes a letter's bytes to where they came from, once, with the signature that they had: it is never signed anew.",
                "What was refused because its key was not trusted passes once it is; what nobody signed has to be asked for again."
            },
            mixinStandardHelpOptions = true)
    int redrive(
            @Parameters(paramLabel = "LETTER", description = LETTER) String letter,
            @Option(names = "--again", description = "Also when it was redriven before.") boolean again,
            @Option(names = "--dry-run", description = "Only say what would be done.") boolean dryRun,
            @Option(
                            names = "--operator",
                            defaultValue = "${env:GUARD_OPERATOR:-${sys:user.name}}",
                            paramLabel = "NAME",
                            description = "Who asks; it is recorded.")
                    String operator) {
        LetterId id = LetterId.parse(letter);
        DeadLetterBox box = box();
        Optional<String> objection = box.objection(id, again);
        if (objection.isPresent()) {
            return refuse(objection.get());
        }
        DeadLetter found = requireNonNull(box.letters().get(id));
        String what = "letter " + id + " to " + found.getTopic() + "-" + found.getPartition();
        if (dryRun) {
            return done("would redrive " + what);
        }
        try (Redrive redrive = new Redrive(cluster, id)) {
            objection = redrive.send(
                    this::box,
                    this::original,
                    again,
                    operator,
                    Clock.systemUTC().millis());
        }
        return objection.isPresent() ? refuse(objection.get()) : done("redrove " + what);
    }

    private DeadLetterBox box() {
        DeadLetterBox box = new DeadLetterBox();
        try (TopicReader reader = new TopicReader(cluster)) {
            reader.read(
                    Topics.DEAD_LETTERS,
                    entry -> box.add(
                            new LetterId(
                                    entry.record().partition(), entry.record().offset()),
                            entry.value(),
                            entry.record().headers()));
        }
        return box;
    }

    private Optional<Redrive.Bytes> original(String topic, int partition, long offset) {
        try (TopicReader reader = new TopicReader(cluster)) {
            return reader.at(topic, partition, offset)
                    .map(record -> new Redrive.Bytes(bytes(record.key()), record.value()));
        }
    }

    private static byte @Nullable [] bytes(@Nullable String key) {
        return key == null ? null : key.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(@Nullable ByteBuffer bytes) {
        return bytes == null
                ? ""
                : StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    }

    private static String hex(ByteBuffer bytes) {
        byte[] shown = new byte[Math.min(SHOWN_BYTES, bytes.remaining())];
        bytes.duplicate().get(shown);
        String more = bytes.remaining() > SHOWN_BYTES ? " ... (" + bytes.remaining() + " bytes)" : "";
        return HexFormat.of().formatHex(shown) + more;
    }

    private int done(String line) {
        say(line);
        return 0;
    }
}
