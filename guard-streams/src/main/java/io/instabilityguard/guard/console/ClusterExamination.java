package io.instabilityguard.guard.console;

import static java.util.Objects.requireNonNull;

import io.instabilityguard.guard.GuardConfig;
import io.instabilityguard.guard.catalogue.TopicCheck;
import io.instabilityguard.guard.catalogue.TopicPlan;
import io.instabilityguard.guard.catalogue.WrongSetting;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Asks a cluster, with the settings and the principal of a configuration, for what the guard needs of it; each question waits five seconds. */
final class ClusterExamination {
    private static final int ANSWER_MS = 5_000;
    private static final int USUAL_COPIES = 3;
    private static final Set<AclOperation> EVERYTHING = Set.of(AclOperation.READ, AclOperation.WRITE);

    private final GuardConfig config;
    private final AccessCheck access;

    /** As this role: guard, sidecar, operator, redriver or subscriber. */
    ClusterExamination(GuardConfig config, String role) {
        this.config = config;
        this.access = new AccessCheck(role, config.applicationId());
    }

    /** What was found, in the order in which it has to be put right. */
    List<Diagnosis> diagnoses() {
        List<Diagnosis> found = new ArrayList<>();
        try (Admin admin = Admin.create(settings())) {
            int brokers = answer(admin.describeCluster().nodes()).size();
            found.add(Diagnosis.ready("Kafka", brokers + " broker(s) at " + config.bootstrapServers()));
            found.add(access.diagnosis(allowed(admin)));
            if (access.role().equals("guard")) {
                found.add(topics(Math.min(brokers, USUAL_COPIES)));
                found.add(group(admin));
            }
        } catch (KafkaException e) {
            found.add(unreachable(e));
        }
        found.add(RegistryExamination.of(config.kafka(), Duration.ofMillis(ANSWER_MS)));
        return found;
    }

    private Map<String, Object> settings() {
        Map<String, Object> settings = new HashMap<>(config.kafka());
        settings.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, config.bootstrapServers());
        settings.put(CommonClientConfigs.REQUEST_TIMEOUT_MS_CONFIG, ANSWER_MS);
        settings.put(CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG, ANSWER_MS);
        return settings;
    }

    private Diagnosis unreachable(KafkaException failure) {
        return failure instanceof AuthenticationException
                ? new Diagnosis(
                        "Kafka",
                        config.bootstrapServers() + " does not believe who this is: " + failure.getMessage(),
                        "correct user, password or certificate under kafka: of the configuration (deploy/security.md)")
                : new Diagnosis(
                        "Kafka",
                        config.bootstrapServers() + " does not answer: " + failure.getMessage(),
                        "start the brokers, open the way to them, or correct bootstrap-servers; where they speak TLS,"
                                + " security.protocol under kafka:");
    }

    private Diagnosis topics(int copies) {
        int wanted = config.replicationFactor() > 0 ? config.replicationFactor() : copies;
        List<String> names = Topics.all().stream().<String>map(Topic::name).toList();
        try (TopicAdmin admin = new TopicAdmin(settings())) {
            List<WrongSetting> wrong = TopicCheck.of(TopicPlan.of(wanted), admin.present(names));
            return wrong.isEmpty()
                    ? Diagnosis.ready("Topics", "all " + names.size() + " are as they must be")
                    : wrong(wrong, wanted);
        } catch (AuthorizationException e) {
            return Diagnosis.ready(
                    "Topics",
                    "their settings are not this principal's to read: an administrator runs" + " `guard topics check`");
        }
    }

    private static Diagnosis wrong(List<WrongSetting> wrong, int copies) {
        WrongSetting first = wrong.get(0);
        String more = wrong.size() == 1 ? "" : ", and " + (wrong.size() - 1) + " more (guard topics check)";
        String fix = first.setting().equals("topic") ? first.fix() + " --replication-factor " + copies : first.fix();
        return new Diagnosis(
                "Topics",
                "%s: %s is %s, must be %s%s"
                        .formatted(first.topic(), first.setting(), first.found(), first.expected(), more),
                fix);
    }

    /** A group that does not exist yet is no fault. */
    private Diagnosis group(Admin admin) {
        String group = config.applicationId();
        try {
            answer(requireNonNull(admin.describeConsumerGroups(List.of(group))
                    .describedGroups()
                    .get(group)));
        } catch (GroupAuthorizationException e) {
            return new Diagnosis("Group", "may not join " + group, "an administrator runs what `guard acls` prints");
        } catch (KafkaException notThereYet) {
            return Diagnosis.ready("Group", "may join " + group + ", which nobody has yet");
        }
        return Diagnosis.ready("Group", "may join " + group);
    }

    private Map<String, Set<AclOperation>> allowed(Admin admin) {
        Map<String, Set<AclOperation>> allowed = new HashMap<>();
        admin.describeTopics(access.topics(), new DescribeTopicsOptions().includeAuthorizedOperations(true))
                .topicNameValues()
                .forEach((topic, description) -> allowed.put(topic, operations(description)));
        return allowed;
    }

    /** Of a topic that is missing nothing is forbidden: it is found missing where the topics are looked at. */
    private static Set<AclOperation> operations(KafkaFuture<TopicDescription> description) {
        try {
            Set<AclOperation> told = answer(description).authorizedOperations();
            return told == null ? EVERYTHING : told;
        } catch (AuthorizationException e) {
            return Set.of();
        } catch (UnknownTopicOrPartitionException e) {
            return EVERYTHING;
        }
    }

    private static <T> T answer(KafkaFuture<T> future) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException cause ? cause : new KafkaException(e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }
}
