package io.instabilityguard.evaluation.chaos;

import io.instabilityguard.evaluation.process.ChildProcess;
import io.instabilityguard.evaluation.process.Yaml;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.common.TopicPartition;

/** Guards that share the runs, each a process of its own: the first two run, the last one only while a fault wants it. */
final class GuardGroup {
    static final String APPLICATION = "chaos-guard";
    private static final int GUARDS = 3;

    private final List<ChildProcess> guards;

    private GuardGroup(List<ChildProcess> guards) {
        this.guards = guards;
    }

    /** Guards that do not run yet, in this folder. */
    static GuardGroup in(Path folder, String bootstrapServers) {
        Path policy = copyPolicy(folder.resolve("policy.yaml"));
        return new GuardGroup(IntStream.rangeClosed(1, GUARDS)
                .mapToObj(number -> guard("guard-" + number, folder, policy, bootstrapServers))
                .toList());
    }

    private static Path copyPolicy(Path file) {
        try (InputStream policy = Objects.requireNonNull(GuardGroup.class.getResourceAsStream("policy.yaml"))) {
            Files.copy(policy, file);
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
    }

    /** Dead members are missed after 4 s instead of 45, and the other guard has a copy of the state. */
    private static ChildProcess guard(String name, Path folder, Path policy, String bootstrapServers) {
        Path config = Yaml.write(
                folder.resolve(name + ".yaml"),
                Map.of(
                        "bootstrap-servers",
                        bootstrapServers,
                        "application-id",
                        APPLICATION,
                        "state-dir",
                        folder.resolve(name).toString(),
                        "policy",
                        policy.toString(),
                        "kafka",
                        Map.of(
                                "client.id", name,
                                "num.standby.replicas", 1,
                                "session.timeout.ms", 4_000,
                                "heartbeat.interval.ms", 500,
                                "request.timeout.ms", 3_000,
                                "reconnect.backoff.max.ms", 200,
                                "metadata.max.age.ms", 3_000)));
        return ChildProcess.java(
                name,
                ChaosLab.JVM,
                "io.instabilityguard.guard.GuardMain",
                List.of("--config", config.toString()),
                folder.resolve(name + ".log"));
    }

    void start() {
        regular().forEach(ChildProcess::start);
    }

    /** The two that always run. */
    List<ChildProcess> regular() {
        return guards.subList(0, GUARDS - 1);
    }

    /** The one that comes and goes. */
    ChildProcess spare() {
        return guards.get(GUARDS - 1);
    }

    /** Of the two, the one that owns a partition according to the members of their group; the first when that is not known. */
    ChildProcess owner(TopicPartition partition, List<MemberDescription> members) {
        return regular().stream()
                .filter(guard -> members.stream()
                        .filter(member -> member.clientId().startsWith(guard.name()))
                        .anyMatch(
                                member -> member.assignment().topicPartitions().contains(partition)))
                .findFirst()
                .orElse(regular().get(0));
    }

    /** The other one. */
    ChildProcess standby(ChildProcess owner) {
        return regular().get(0) == owner ? regular().get(1) : regular().get(0);
    }

    void end() {
        guards.forEach(ChildProcess::end);
        guards.forEach(ChildProcess::close);
    }
}
