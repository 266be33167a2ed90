package io.instabilityguard.evaluation.chaos.violation;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.evaluation.chaos.violation.RankLog.Applied;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RankLogTest {
    private static final String START = "{\"start\": 4, \"pid\": 17, \"weights\": {\"query\": \"0000803f00000040\"}}\n";
    private static final String STEP = "{\"step\": 4, \"begin\": 10.5, \"end\": 11, \"scale\": 0.5, \"crc\": 9,"
            + " \"before\": {\"query\": \"0000803f\"}, \"after\": {\"query\": \"00000040\"}, \"applied\": [[\"id\", 4]]}\n";
    private static final String END = "{\"end\": 5, \"statistics\": {\"stepsSent\": 1}, \"weights\": {}}\n";

    @TempDir
    Path folder;

    @Test
    void shouldReadWhatARankWroteDown() throws IOException {
        RankLog log = read(START + STEP + END);
        assertThat(log.start()).isNotNull().satisfies(start -> {
            assertThat(start.pid()).isEqualTo(17);
            assertThat(start.weights().get("query")).containsExactly(1, 2);
        });
        assertThat(log.steps()).singleElement().satisfies(step -> {
            assertThat(step.scale()).isEqualTo(0.5);
            assertThat(step.after().get("query")).containsExactly(2);
            assertThat(step.applied()).containsExactly(new Applied("id", 4));
        });
        assertThat(log.end())
                .isNotNull()
                .satisfies(end -> assertThat(end.statistics()).containsEntry("stepsSent", 1L));
    }

    @Test
    void shouldReadUpToALineThatAKillTore() throws IOException {
        RankLog log = read(START + STEP + STEP.substring(0, 30));
        assertThat(log.lastStep()).isEqualTo(4);
        assertThat(log.end()).isNull();
    }

    @Test
    void shouldKnowARankThatDiedBeforeItBegan() {
        RankLog log = RankLog.read(folder.resolve("none"), 1, 0);
        assertThat(log.start()).isNull();
        assertThat(log.lastStep()).isEqualTo(-1);
    }

    private RankLog read(String lines) throws IOException {
        return RankLog.read(Files.writeString(folder.resolve("log"), lines), 1, 0);
    }
}
