package io.instabilityguard.evaluation.campaign;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.evaluation.Lab;
import io.instabilityguard.evaluation.campaign.Plan.Cell;
import io.instabilityguard.evaluation.campaign.Plan.Profile;
import io.instabilityguard.evaluation.campaign.RunRecord.GuardPart;
import io.instabilityguard.evaluation.statistics.Losses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real trainers; in the second test a real guard, too. */
class CampaignIT {
    private final Plan plan = Plan.read();
    private final Keys keys = new Keys(new Sources(Lab.home()), 1, "");
    private final List<String> said = new ArrayList<>();

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path folder;

    @Test
    void shouldGiveTheSameTableWhenItWasInterrupted() throws IOException {
        Path whole = folder.resolve("whole.jsonl");
        Path interrupted = folder.resolve("interrupted.jsonl");
        train(whole, cells("none", "0-2"));
        train(interrupted, cells("none", "1"));
        Files.writeString(interrupted, "{\"key\":{\"scenario\":\"S\"", StandardOpenOption.APPEND);
        said.clear();
        train(interrupted, cells("none", "0-2"));
        assertThat(said).contains("2 runs to do, 1 are in the store already");
        assertThat(table(interrupted)).hasSize(3).isEqualTo(table(whole));
    }

    @Test
    void shouldKeepWhatAGuardWithTiedHandsSaw() {
        Path store = folder.resolve("observed.jsonl");
        Traces traces = new Traces(folder.resolve("traces"));
        assertThat(train(store, cells("observe", "0"), Optional.of(traces))).isEmpty();
        RunRecord run = runs(store).get(0);
        GuardPart guard = Objects.requireNonNull(run.guard());
        int departure = Losses.departure(run.lossArray()).orElseThrow();
        assertThat(guard.alarms()).anyMatch(alarm -> alarm.step() < departure && alarm.acted());
        assertThat(guard.applied()).isEmpty();
        assertThat(traces.read("S", "observe", 0).orElseThrow())
                .hasSize(run.result().steps());
    }

    private List<Cell> cells(String method, String seeds) {
        return plan.cells(new Profile(seeds, List.of("S"), List.of(method))).stream()
                .filter(cell -> cell.scenario().equals("S"))
                .toList();
    }

    private void train(Path store, List<Cell> cells) {
        assertThat(train(store, cells, Optional.empty())).isEmpty();
    }

    private List<String> train(Path file, List<Cell> cells, Optional<Traces> traces) {
        try (RunStore store = RunStore.open(file)) {
            return new Campaign(Lab.python(), store, keys, traces, said::add, false).run(cells);
        }
    }

    private static List<RunRecord> runs(Path file) {
        try (RunStore store = RunStore.open(file)) {
            return store.runs();
        }
    }

    /** All that does not depend on how fast the machine was. */
    private static List<String> table(Path file) {
        return runs(file).stream()
                .sorted(Comparator.comparingInt(run -> run.key().seed()))
                .map(run -> run.key() + " " + run.result().diverged() + " "
                        + run.result().finalLoss() + " " + run.losses())
                .toList();
    }
}
