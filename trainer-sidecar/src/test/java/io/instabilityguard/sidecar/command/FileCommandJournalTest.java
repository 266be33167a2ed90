package io.instabilityguard.sidecar.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.instabilityguard.sidecar.command.JournalEntry.State;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileCommandJournalTest {
    private static final SessionKey SESSION = new SessionKey("run-1", 5, 0);

    @TempDir
    Path folder;

    @Test
    void shouldRememberTheLastStateOfEachCommand() throws Exception {
        JournalEntry a = JournalEntry.received(SESSION, Commands.msign("a", 3, "w1", "w2"));
        JournalEntry b = JournalEntry.received(SESSION, Commands.learningRate("b", 4));
        write(a, b, a.applying(), b.decided("b3V0"), b.published());

        assertThat(reopened()).containsExactly(a.applying(), b.published());
    }

    @Test
    void shouldKeepAnUnpublishedOutcome() throws Exception {
        JournalEntry entry =
                JournalEntry.received(SESSION, Commands.learningRate("b", 4)).decided("b3V0");
        write(entry);

        assertThat(reopened()).containsExactly(entry);
    }

    @Test
    void shouldReadALineOfAnEarlierVersion() throws Exception {
        JournalEntry a = JournalEntry.received(SESSION, Commands.learningRate("a", 3));
        write(a);
        Files.writeString(journal(), Files.readString(journal()).replace("\"undoes\":\"\",", ""));
        assertThat(Files.readString(journal())).doesNotContain("undoes");

        assertThat(reopened()).containsExactly(a);
    }

    @Test
    void shouldSkipALineThatACrashToreInTwo() throws Exception {
        JournalEntry a = JournalEntry.received(SESSION, Commands.learningRate("a", 3));
        write(a);
        append("{\"session\":{\"run\":\"run-1\",\"gener\u00e4");

        assertThat(reopened()).containsExactly(a);
        assertThat(Files.readString(journal())).doesNotContain("gener\u00e4").endsWith("}\n");
    }

    @Test
    void shouldSkipLinesThatAreNoEntries() throws Exception {
        JournalEntry a = JournalEntry.received(SESSION, Commands.learningRate("a", 3));
        write(a);
        append("null\n{}\n[1]\n{\"session\":null,\"command\":null,\"state\":\"FINAL\"}\n\n");
        Files.write(journal(), new byte[] {(byte) 0xFF, (byte) 0xC3, '\n'}, StandardOpenOption.APPEND);

        assertThat(reopened()).containsExactly(a);
    }

    @Test
    void shouldBeCompactedWhenOpened() throws Exception {
        JournalEntry a = JournalEntry.received(SESSION, Commands.learningRate("a", 3));
        write(a, a.applying(), a.decided("x"), a.published());

        assertThat(reopened()).hasSize(1);
        assertThat(Files.readAllLines(journal())).hasSize(1);
    }

    @Test
    void shouldRefuseAFolderThatAnotherSidecarUses() throws Exception {
        try (FileCommandJournal open = FileCommandJournal.open(folder, new CommandLedger())) {
            assertThat(open).isNotNull();
            assertThatThrownBy(() -> FileCommandJournal.open(folder, new CommandLedger()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("another sidecar uses this folder");
        }
    }

    @Test
    void shouldSayThatTheFolderCannotBeUsed() throws Exception {
        Path file = Files.createFile(folder.resolve("file"));

        assertThatThrownBy(() -> FileCommandJournal.open(file.resolve("state"), new CommandLedger()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot keep the journal of commands in " + file.resolve("state"));
    }

    @Test
    void shouldSayThatItCannotBeWritten() throws Exception {
        FileCommandJournal journal = FileCommandJournal.open(folder, new CommandLedger());
        journal.close();

        assertThatThrownBy(() -> journal.append(JournalEntry.received(SESSION, Commands.learningRate("a", 3))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the journal of commands cannot be written");
    }

    private void write(JournalEntry... entries) throws IOException {
        try (FileCommandJournal journal = FileCommandJournal.open(folder, new CommandLedger())) {
            for (JournalEntry entry : entries) {
                journal.append(entry);
            }
        }
    }

    private List<JournalEntry> reopened() throws IOException {
        CommandLedger ledger = new CommandLedger();
        FileCommandJournal.open(folder, ledger).close();
        assertThat(ledger.all()).extracting(JournalEntry::state).doesNotContain(State.PASSING);
        return ledger.all();
    }

    private void append(String text) throws IOException {
        Files.writeString(journal(), text, StandardCharsets.UTF_8, StandardOpenOption.APPEND);
    }

    private Path journal() {
        return folder.resolve("commands.journal");
    }
}
