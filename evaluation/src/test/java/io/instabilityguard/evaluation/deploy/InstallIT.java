package io.instabilityguard.evaluation.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.instabilityguard.evaluation.Lab;
import io.instabilityguard.evaluation.broker.BrokerCluster;
import io.instabilityguard.guard.console.ConsoleMain;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * deploy/README.md, block by block, on three brokers. The places of the system are moved to a folder; {@code guard} runs the classes under test without
 * building, those of the console in this JVM; {@code systemctl} starts what the unit says; {@code kafka-acls.sh} only counts, since {@code LeastAclsIT} carries its lines out.
 */
@Timeout(300)
class InstallIT {
    private static final Pattern BLOCK = Pattern.compile("(?ms)^## (\\d)\\..*?(?=^## |\\z)");
    private static final Pattern SHELL = Pattern.compile("(?ms)^```sh\\n(.*?)^```");
    private static final String JVM = "-Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto";
    private final Path folder = Lab.folder();
    private final Path home = folder.resolve("opt");

    private HttpServer console;

    /** Commands of the console are carried out in this JVM, which has begun already: each answer ends with the exit status. */
    @BeforeEach
    void answer() throws IOException {
        console = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        console.createContext("/", exchange -> {
            StringWriter said = new StringWriter();
            PrintWriter out = new PrintWriter(said, true);
            String[] words = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8).split("\n");
            int status = ConsoleMain.commandLine().setOut(out).setErr(out).execute(words);
            out.println(status);
            byte[] answer = said.toString().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        console.start();
    }

    @AfterEach
    void stop() throws IOException {
        console.stop(0);
        Path started = folder.resolve("started");
        if (Files.exists(started)) {
            Files.readAllLines(started)
                    .forEach(pid -> ProcessHandle.of(Long.parseLong(pid)).ifPresent(ProcessHandle::destroyForcibly));
        }
    }

    @Test
    void shouldLeadToAWatchedRunOnThreeBrokers() throws Exception {
        prepare();
        try (BrokerCluster brokers = BrokerCluster.start(folder.resolve("kafka"))) {
            Map<Integer, List<String>> steps = steps();
            assertThat(steps.keySet()).containsExactly(1, 2, 3, 4, 5, 6);
            Map<String, String> first = machine("1", brokers);
            Map<String, String> second = machine("2", brokers);
            assertThat(run(steps.get(1), first)).contains("topics are as they must be");
            run(steps.get(2), first);
            copyKeys();
            assertThat(run(steps.get(3), first)).contains("3 broker(s)").doesNotContain("fix:");
            assertThat(run(steps.get(3), second)).contains("what its role needs: guard");
            assertThat(run(steps.get(4), first)).contains("a sidecar waits at");
            assertThat(run(steps.get(5), first)).contains("healthReason", "\"run\":\"first-run\"");
            assertThat(run(steps.get(6), first)).contains("good: mode APPROVE", "first-*");
        }
    }

    private void prepare() throws IOException {
        Files.createDirectories(home);
        for (String shared : List.of("deploy", "trainer-sidecar")) {
            Files.createSymbolicLink(home.resolve(shared), Lab.home().resolve(shared));
        }
        String java = Path.of(System.getProperty("java.home"), "bin", "java") + " " + JVM + " -cp "
                + System.getProperty("java.class.path") + " io.instabilityguard.";
        String answers = "http://127.0.0.1:" + console.getAddress().getPort();
        executable(home.resolve("guard"), """
                command=$1; shift
                case $command in
                    streams) exec %1$sguard.GuardMain "$@" ;;
                    sidecar) exec %1$ssidecar.SidecarMain "$@" ;;
                esac
                said=$(printf '%%s\\n' $command "$@" | curl --silent --data-binary @- %2$s)
                printf '%%s\\n' "$said" | sed '$d'
                status=$(printf '%%s\\n' "$said" | sed -n '$p')
                [ "$status" -eq 0 ] || exit "$status"
                case "$command $*" in doctor*--sidecar-config*) exec %1$ssidecar.DoctorMain "$@" ;; esac
                """.formatted(java, answers));
        Path tools = Files.createDirectories(folder.resolve("bin"));
        executable(tools.resolve("python3"), "exec \"$GUARD_PYTHON\" \"$@\"\n");
        executable(tools.resolve("kafka-acls.sh"), "echo \"$@\" >>" + folder.resolve("acls") + "\n");
        executable(tools.resolve("systemctl"), """
                for unit; do :; done
                command=$(sed -n 's|^ExecStart=/opt/instability-guard/|./|p' deploy/systemd/"$unit".service | sed "s|/etc/instability-guard|$ETC|")
                $command >>%1$s/"$unit".log 2>&1 &
                echo $! >>%1$s/started
                """.formatted(folder));
    }

    private static void executable(Path file, String script) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + script);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** Where the places of the text are on a machine. */
    private Map<String, String> machine(String name, BrokerCluster brokers) throws IOException {
        Path place = Files.createDirectories(folder.resolve(name));
        Files.createDirectories(place.resolve("etc"));
        Map<String, String> places = new LinkedHashMap<>();
        places.put("broker-1:9092,broker-2:9092,broker-3:9092", brokers.bootstrapServers());
        places.put("/etc/instability-guard", place.resolve("etc").toString());
        places.put("/var/lib/instability-guard", place.resolve("lib").toString());
        places.put("/run/instability-guard", place.resolve("run").toString());
        places.put("8642", Integer.toString(freePort()));
        places.put("9400", Integer.toString(freePort()));
        return places;
    }

    /** By a way that one trusts. */
    private void copyKeys() throws IOException {
        Path keys = Files.createDirectories(folder.resolve("2/etc/keys"));
        Files.copy(
                folder.resolve("1/etc/keys/guard-1.key"),
                keys.resolve("guard-1.key"),
                StandardCopyOption.COPY_ATTRIBUTES);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /** The shell blocks of each numbered step. */
    private static Map<Integer, List<String>> steps() {
        Map<Integer, List<String>> steps = new LinkedHashMap<>();
        Matcher section = BLOCK.matcher(Deploy.text("README.md"));
        while (section.find()) {
            List<String> blocks = new ArrayList<>();
            SHELL.matcher(section.group()).results().forEach(block -> blocks.add(block.group(1)));
            if (!blocks.isEmpty()) {
                steps.put(Integer.parseInt(section.group(1)), blocks);
            }
        }
        return steps;
    }

    /** What the blocks say, one after another in one shell that stops at the first failure. */
    private String run(List<String> blocks, Map<String, String> places) throws Exception {
        String script = "set -eu\nBROKERS=broker-1:9092,broker-2:9092,broker-3:9092\n" + String.join("", blocks);
        for (Map.Entry<String, String> place : places.entrySet()) {
            script = script.replace(place.getKey(), place.getValue());
        }
        ProcessBuilder shell = new ProcessBuilder("sh", "-c", script)
                .directory(home.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("said").toFile());
        shell.environment().merge("PATH", folder.resolve("bin") + ":", (path, ours) -> ours + path);
        shell.environment().put("ETC", places.get("/etc/instability-guard"));
        shell.environment().put("OMP_NUM_THREADS", "1");
        int status = shell.start().waitFor();
        String said = Files.readString(folder.resolve("said"), StandardCharsets.UTF_8);
        assertThat(status).as(script + "\n" + said).isZero();
        return said;
    }
}
