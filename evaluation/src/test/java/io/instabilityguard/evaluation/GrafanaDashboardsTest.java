package io.instabilityguard.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The dashboards under {@code deploy}, as Grafana would read them; that their metrics exist is checked against running processes. */
final class GrafanaDashboardsTest {
    private static final int WIDTH = 24;

    static Set<Map.Entry<String, JsonNode>> dashboards() throws IOException {
        return MonitoringFiles.dashboards().entrySet();
    }

    @ParameterizedTest
    @MethodSource("dashboards")
    void shouldNameTheirDataSourceAndExplainEveryPanel(Map.Entry<String, JsonNode> file) {
        JsonNode dashboard = file.getValue();
        assertThat(file.getKey()).isEqualTo(dashboard.get("uid").asText() + ".json");
        assertThat(dashboard.get("panels")).isNotEmpty().allSatisfy(panel -> {
            assertThat(panel.at("/datasource/uid").asText()).isEqualTo("guard-prometheus");
            assertThat(panel.get("title").asText()).isNotBlank();
            assertThat(panel.get("description").asText()).isNotBlank();
            assertThat(panel.get("targets")).isNotEmpty();
        });
    }

    @ParameterizedTest
    @MethodSource("dashboards")
    void shouldNotLetPanelsOverlap(Map.Entry<String, JsonNode> file) {
        Set<List<Integer>> cells = new HashSet<>();
        Set<Integer> ids = new HashSet<>();
        for (JsonNode panel : file.getValue().get("panels")) {
            assertThat(ids.add(panel.get("id").asInt())).isTrue();
            JsonNode at = panel.get("gridPos");
            assertThat(at.get("x").asInt() + at.get("w").asInt()).isLessThanOrEqualTo(WIDTH);
            for (int x = at.get("x").asInt();
                    x < at.get("x").asInt() + at.get("w").asInt();
                    x++) {
                for (int y = at.get("y").asInt();
                        y < at.get("y").asInt() + at.get("h").asInt();
                        y++) {
                    assertThat(cells.add(List.of(x, y)))
                            .as(panel.get("title").asText())
                            .isTrue();
                }
            }
        }
    }

    @Test
    void shouldBeProvisionedFromWhereTheyAre() throws IOException {
        JsonNode source = yaml("datasources/prometheus.yaml").at("/datasources/0");
        assertThat(source.get("uid").asText()).isEqualTo("guard-prometheus");
        JsonNode provider = yaml("dashboards/guard.yaml").at("/providers/0");
        assertThat(provider.at("/options/path").asText()).isEqualTo("/etc/grafana/dashboards/guard");
        List<String> uids = new ArrayList<>();
        dashboards().forEach(file -> uids.add(file.getValue().get("uid").asText()));
        assertThat(uids).containsExactlyInAnyOrder("guard-fleet", "guard-run", "guard-itself");
    }

    private static JsonNode yaml(String file) throws IOException {
        return new YAMLMapper()
                .readTree(MonitoringFiles.DEPLOY
                        .resolve("grafana/provisioning")
                        .resolve(file)
                        .toFile());
    }
}
