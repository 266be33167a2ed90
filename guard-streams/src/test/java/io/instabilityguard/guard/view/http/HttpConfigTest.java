package io.instabilityguard.guard.view.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.guard.view.access.Principal;
import io.instabilityguard.guard.view.access.Role;
import io.instabilityguard.guard.view.access.TokenHash;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpConfigTest {

    @TempDir
    private Path folder;

    @Test
    void shouldServeNothingUnlessAsked() throws IOException {
        assertThat(HttpConfig.read(file("bootstrap-servers: x:1"), Map.of())).isEmpty();
    }

    @Test
    void shouldListenOnTheLoopbackUnlessConfigured() throws IOException {
        HttpConfig config = HttpConfig.read(file("http: {port: 0}"), Map.of()).orElseThrow();
        assertThat(config.address()).isEqualTo("127.0.0.1");
        assertThat(config.withoutToken()).isEqualTo(Role.VIEWER);
        assertThat(config.allowedHosts()).contains("localhost", "127.0.0.1", "[::1]");
    }

    @Test
    void shouldReadWhoMayDoWhat() throws IOException {
        String hash = TokenHash.of("secret").hex();
        HttpConfig config = HttpConfig.read(
                        file("http: {address: 0.0.0.0, hosts: [guard.example], tokens: "
                                + "{alice: {role: operator, sha256: " + hash + "}}}"),
                        Map.of())
                .orElseThrow();
        assertThat(config.tokens().owner("secret")).contains(new Principal("alice", Role.OPERATOR));
        assertThat(config.withoutToken()).isEqualTo(Role.ANYONE);
        assertThat(config.allowedHosts()).contains("guard.example");
    }

    @Test
    void shouldTellOthersWhereItIsOnlyWhereTheyCanReachIt() throws IOException {
        String hash = TokenHash.of("secret").hex();
        String tokens = "tokens: {alice: {role: viewer, sha256: " + hash + "}}";
        assertThat(advertised("{port: 80}")).isNull();
        assertThat(advertised("{address: 0.0.0.0, port: 80, " + tokens + "}")).isNull();
        assertThat(advertised("{address: 10.1.2.3, port: 80, " + tokens + "}")).isEqualTo("10.1.2.3:80");
        assertThat(advertised("{address: 10.1.2.3, port: 0, " + tokens + "}")).isNull();
        assertThat(advertised("{address: 0.0.0.0, advertised-address: 'guard-1:80', " + tokens + "}"))
                .isEqualTo("guard-1:80");
        assertThat(advertised("{advertised-address-env: ADDRESS}")).isEqualTo("guard-0.peers:8080");
        HttpConfig config = read("{advertised-address-env: ADDRESS, peer-token-env: PEER}");
        assertThat(config.allowedHosts()).contains("guard-0.peers");
        assertThat(config.peers().owner("shared")).isPresent();
        assertThat(config.toString()).doesNotContain("shared");
    }

    private @Nullable String advertised(String section) throws IOException {
        return read(section).advertisedAddress();
    }

    private HttpConfig read(String section) throws IOException {
        Map<String, String> environment = Map.of("ADDRESS", "guard-0.peers:8080", "PEER", "shared");
        return HttpConfig.read(file("http: " + section), environment).orElseThrow();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{address: 0.0.0.0}|http.address: 0.0.0.0 can be reached from other machines",
                "{tokens: {a: {role: boss, sha256: x}}}|http.tokens.a.role: must be one of viewer, operator, admin",
                "{tokens: {a: {role: viewer, sha256: x}}}|http.tokens.a.sha256: must be 64 hexadecimal digits",
                "{tokens: {a b: {role: viewer, sha256: x}}}|http.tokens.a b: a name has",
                "{prot: 1}|http.prot: unknown key; did you mean port?",
                "{advertised-address: guard}|http.advertised-address: must be host:port, not guard",
                "{peer-token-env: PEER}|http: what peer-token-env names is empty or not set",
                "{port: 70000}|http.port: must be a whole number from 0 to 65535"
            })
    void shouldSayWhatIsWrong(String section, String problem) throws IOException {
        Path file = file("http: " + section);
        assertThatExceptionOfType(PolicyException.class)
                .isThrownBy(() -> HttpConfig.read(file, Map.of()))
                .withMessageStartingWith(problem);
    }

    private Path file(String yaml) throws IOException {
        return Files.writeString(folder.resolve("guard.yaml"), yaml);
    }
}
