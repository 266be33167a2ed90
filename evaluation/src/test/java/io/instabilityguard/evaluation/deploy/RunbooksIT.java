package io.instabilityguard.evaluation.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.evaluation.Lab;
import io.instabilityguard.evaluation.broker.EmbeddedBroker;
import io.instabilityguard.schemas.DeadLetter;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.Proposal;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.Samples;
import io.instabilityguard.schemas.Topics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every runbook is carried out: each {@code ./guard} of the operator's console that it names, with what the on-call engineer would put in the place
 * of its capitals, on a broker that holds a run in alarm. Commands that start or measure something (streams, sidecar, doctor, bench) have tests of
 * their own.
 */
class RunbooksIT {
    private static final Path FOLDER = Deploy.FOLDER.resolve("runbooks");
    private static final Set<String> CONSOLE =
            Set.of("runs", "commands", "policy", "ledger", "lease", "dead-letters", "topics", "acls");
    private static final Pattern LINE = Pattern.compile("(?m)^\\./guard ([^#`\\n]+)|`\\./guard ([^`]+)`");
    private static final String RUN = "run-42";
    private static final String ID = RUN + "/1700000000000/APPLY_MSIGN/1200";
    private static final String PROPOSAL = RUN + "/1700000000000/SCALE_LEARNING_RATE/1201";
    private static final Path LAB = Lab.folder();
    private static final Path POLICY = LAB.resolve("policy.yaml");
    private static final Map<String, String> CAPITALS = Map.of(
            "RUN", RUN,
            "ID", ID,
            "PROPOSAL", PROPOSAL,
            "LETTER", "0-0",
            "FILE", POLICY.toString(),
            "WHY", "seen-before",
            "LAYER", "blocks.3.attention.qkv.weight[query]",
            "QUERY", "blocks.3.attention.qkv.weight[query]",
            "KEY", "blocks.3.attention.qkv.weight[key]");
    /** What several runbooks say is done once. */
    private static final Set<List<String>> CARRIED_OUT = new HashSet<>();

    private static EmbeddedBroker broker;
    private static Console console;

    @BeforeAll
    static void fill() throws Exception {
        broker = EmbeddedBroker.start(LAB.resolve("kafka"), EmbeddedBroker.ANY_PORT);
        Files.writeString(POLICY, "mode: observe\n");
        console = new Console(broker.bootstrapServers(), "", LAB);
        assertThat(console.run(List.of("doctor"))).as("without topics").isEqualTo(3);
        assertThat(console.said()).contains("fix: guard topics create --replication-factor 1", "1 broker(s)");
        assertThat(console.run(List.of("topics", "create", "--replication-factor", "1", "--partitions", "1")))
                .isZero();
        InterventionCommand command =
                InterventionCommand.newBuilder(Samples.command()).setId(ID).build();
        Proposal proposal = Proposal.newBuilder(
                        Samples.runState().getProposals().get(0))
                .setId(PROPOSAL)
                .setKind(InterventionKind.SCALE_LEARNING_RATE)
                .build();
        RunState state = RunState.newBuilder(Samples.runState())
                .setProposals(List.of(proposal))
                .build();
        try (Published published = new Published(broker.bootstrapServers())) {
            published.send(Topics.RUNS, RUN, state);
            published.send(Topics.COMMANDS, RUN, command);
            published.send(Topics.DECISIONS, RUN, Samples.decision());
            DeadLetter letter =
                    DeadLetter.newBuilder(Samples.deadLetter()).setPartition(0).build();
            published.send(Topics.DEAD_LETTERS, 0, letter);
        }
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    static Stream<Path> runbooks() throws IOException {
        try (Stream<Path> files = Files.walk(FOLDER)) {
            return files.filter(file -> file.toString().endsWith(".md")).sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("runbooks")
    void shouldBePossibleAsWritten(Path runbook) throws IOException {
        for (String line : lines(Files.readString(runbook))) {
            List<String> words = words(line);
            if (!CONSOLE.contains(words.get(0)) || words.contains("--help") || !CARRIED_OUT.add(words)) {
                continue;
            }
            assertThat(console.run(words))
                    .as("./guard %s: %s", line, console.said())
                    .isZero();
            if (words.contains(RUN) || words.contains(ID) || words.contains(PROPOSAL)) {
                assertThat(console.said()).as(line).contains(RUN);
            }
        }
    }

    @Test
    void shouldFindNothingToPutRight() {
        assertThat(console.run(List.of("doctor"))).as(console.said()).isZero();
        assertThat(console.said()).contains("all " + Topics.all().size() + " are as they must be");
    }

    @Test
    void shouldBeThereForEveryKindOfCommand() throws IOException {
        List<String> kinds = Arrays.stream(InterventionKind.values())
                .filter(kind -> kind != InterventionKind.UNKNOWN)
                .map(kind -> kind + ".md")
                .toList();
        try (Stream<Path> files = Files.list(FOLDER.resolve("commands"))) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactlyInAnyOrderElementsOf(kinds);
        }
        assertThat(runbooks())
                .allSatisfy(file -> assertThat(file)
                        .content()
                        .contains(
                                "**What it means.**",
                                "**Is training at risk?**",
                                "**Look at**",
                                "**Do.**",
                                "**Undo.**",
                                "**Silence.**"));
    }

    private static List<String> lines(String text) {
        List<String> lines = new ArrayList<>();
        Matcher matcher = LINE.matcher(text);
        while (matcher.find()) {
            lines.add((matcher.group(1) == null ? matcher.group(2) : matcher.group(1)).strip());
        }
        return lines;
    }

    private static List<String> words(String line) {
        List<String> words = new ArrayList<>();
        for (String word : line.replace(" --config deploy/guard.yaml", "").split("\\s+")) { // the console has its own
            words.add(CAPITALS.getOrDefault(word, word));
        }
        if (words.get(0).equals("topics")) {
            words.addAll(List.of("--replication-factor", "1")); // there is one broker here
        }
        return words;
    }
}
