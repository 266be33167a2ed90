package io.instabilityguard.evaluation.campaign;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourcesTest {
    private static final String PYTHON = "trainer-sidecar/src/main/python/";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path home;

    @BeforeEach
    void writeSources() throws IOException {
        write(PYTHON + "reference_trainer/model.py", "from instability_guard.mixing import Mixing\n");
        write(PYTHON + "reference_trainer/guarded.py", "from instability_guard.guard import Guard\n");
        write(PYTHON + "instability_guard/mixing.py", "");
        write(PYTHON + "instability_guard/guard.py", "");
        write("schemas/src/main/a.avsc", "");
        write("guard-streams/src/main/A.java", "");
        write("trainer-sidecar/src/main/java/B.java", "");
    }

    @Test
    void shouldForgetPlainRunsWhenWhatTrainsThemChanges() throws IOException {
        String before = sources().trainer();
        write(PYTHON + "instability_guard/mixing.py", "changed");
        assertThat(sources().trainer()).isNotEqualTo(before);
    }

    @Test
    void shouldKeepPlainRunsButNotGuardedOnesWhenTheHookOrTheGuardChanges() throws IOException {
        String plain = sources().trainer();
        String guarded = sources().guarded("");
        write(PYTHON + "instability_guard/guard.py", "changed");
        write("guard-streams/src/main/A.java", "changed");
        assertThat(sources().trainer()).isEqualTo(plain);
        assertThat(sources().guarded("")).isNotEqualTo(guarded);
    }

    @Test
    void shouldTellPoliciesApart() {
        assertThat(sources().guarded("mode: observe")).isNotEqualTo(sources().guarded(""));
    }

    private Sources sources() {
        return new Sources(home);
    }

    private void write(String name, String text) throws IOException {
        Path file = home.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
