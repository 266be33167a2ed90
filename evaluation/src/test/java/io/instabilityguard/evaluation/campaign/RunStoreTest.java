package io.instabilityguard.evaluation.campaign;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.campaign.RunRecord.Alarm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunStoreTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path folder;

    private Path file = Path.of("");

    @BeforeEach
    void nameTheFile() {
        file = folder.resolve("new").resolve("runs.jsonl");
    }

    @Test
    void shouldGiveBackWhatItKeptAfterReopening() {
        RunRecord plain = Runs.run("S", "none", 3, null);
        RunRecord guarded = Runs.guarded(
                Runs.run("CS", "guard", 4, 2.5), Arrays.asList(4.5, null), new Alarm("loss-spike", 7, true));
        try (RunStore store = RunStore.open(file)) {
            store.add(plain);
            store.add(guarded);
        }
        try (RunStore store = RunStore.open(file)) {
            assertThat(store.runs()).containsExactly(plain, guarded);
            assertThat(store.has(plain.key())).isTrue();
            assertThat(store.has(new RunKey("S", "none", 3, 0, "other sources")))
                    .isFalse();
        }
    }

    @Test
    void shouldRemoveALineThatACrashCutOff() throws IOException {
        try (RunStore store = RunStore.open(file)) {
            store.add(Runs.run("S", "none", 0, 2.0));
        }
        Files.writeString(file, "{\"key\":{\"scen", StandardOpenOption.APPEND);
        try (RunStore store = RunStore.open(file)) {
            store.add(Runs.run("S", "none", 1, 2.0));
        }
        try (RunStore store = RunStore.open(file)) {
            assertThat(store.runs()).extracting(run -> run.key().seed()).containsExactly(0, 1);
        }
    }

    @Test
    void shouldLetOnlyOneWriterIn() {
        try (RunStore store = RunStore.open(file)) {
            assertThatExceptionOfType(UserError.class)
                    .isThrownBy(() -> RunStore.open(file))
                    .withMessageContaining("in use by another process");
            store.add(Runs.run("S", "none", 0, 2.0));
        }
        RunStore.open(file).close();
    }

    @Test
    void shouldSayWhichLineIsNotARun() throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "hello\n");
        assertThatExceptionOfType(UserError.class)
                .isThrownBy(() -> RunStore.open(file))
                .withMessageContaining("line 1 of " + file);
    }
}
