package io.instabilityguard.guard.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

final class SecurityCommandsTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path folder;

    @Test
    void shouldMakeAPairOfKeysOnceAndSayWhereItIs() {
        assertThat(run("keys", "create", "--out", folder.toString(), "--id", "next"))
                .isZero();
        assertThat(out.toString()).contains(folder.resolve("next.key").toString(), folder.resolve("next.pem") + "");
        assertThat(folder.resolve("next.key")).isRegularFile();

        assertThat(run("keys", "create", "--out", folder.toString(), "--id", "next"))
                .isEqualTo(2);
        assertThat(run("keys", "create", "--out", folder.toString(), "--id", "../next"))
                .isEqualTo(2);
        assertThat(err.toString()).hasLineCount(2).contains("exists already", "a key id is");
    }

    @Test
    void shouldPrintOneCallPerLineOfTheList() {
        assertThat(run("acls", "--principal-prefix", "CN=", "--application-id", "my-guard"))
                .isZero();
        List<AclRule> rules = new LeastAcls("CN=", "my-guard").rules();
        List<String> lines = out.toString().lines().skip(1).toList();

        assertThat(lines)
                .hasSameSizeAs(rules)
                .allMatch(line -> line.startsWith("kafka-acls.sh --bootstrap-server \"$BOOTSTRAP_SERVERS\""))
                .anyMatch(line -> line.contains("--add --allow-principal 'User:CN=guard' --operation WRITE"
                        + " --transactional-id 'my-guard-' --resource-pattern-type prefixed"));
        assertThat(rules).extracting(AclRule::binding).doesNotHaveDuplicates();
    }

    @Test
    void shouldPrintTheListForPrograms() throws IOException {
        assertThat(run("acls", "--format", "json")).isZero();
        List<String> lines = out.toString().lines().toList();

        assertThat(lines).hasSameSizeAs(new LeastAcls("", "instability-guard").rules());
        JsonNode first = new ObjectMapper().readTree(lines.get(0));
        assertThat(first.get("principal").asText()).isEqualTo("User:guard");
        assertThat(first.get("operation").asText()).isEqualTo("READ");
        assertThat(first.get("name").asText()).isEqualTo("guard.telemetry.v1");
    }

    @Test
    void shouldRefuseWhatAShellWouldMisunderstand() {
        assertThat(run("acls", "--application-id", "a'; rm -rf x; '")).isEqualTo(2);
        assertThat(out.toString()).isEmpty();
        assertThat(err.toString()).hasLineCount(1).contains("--application-id");
    }

    @Test
    void shouldNeedARunToCheckAHead() {
        assertThat(run("ledger", "verify", "--bootstrap-servers", "127.0.0.1:1", "--head", "00"))
                .isEqualTo(2);
        assertThat(err.toString()).hasLineCount(1).contains("--run");
    }

    private int run(String... arguments) {
        CommandLine line =
                ConsoleMain.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        return line.execute(arguments);
    }
}
