package io.instabilityguard.guard.console;

import static org.apache.kafka.common.acl.AclOperation.CREATE;
import static org.apache.kafka.common.acl.AclOperation.READ;
import static org.apache.kafka.common.acl.AclOperation.WRITE;
import static org.apache.kafka.common.resource.PatternType.LITERAL;
import static org.apache.kafka.common.resource.PatternType.PREFIXED;
import static org.apache.kafka.common.resource.ResourceType.GROUP;
import static org.apache.kafka.common.resource.ResourceType.TOPIC;
import static org.apache.kafka.common.resource.ResourceType.TRANSACTIONAL_ID;

import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.util.List;
import java.util.stream.Stream;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourceType;

/**
 * The least that each process needs of a cluster whose authorizer denies what is not allowed. Reading and writing imply describing, and writing to
 * any topic implies idempotent writes, so neither needs a line. Topics are created by whoever sets the cluster up.
 *
 * <p>Redriving dead letters writes what sidecars and operators write, so it is a principal of its own.
 *
 * @param principalPrefix what precedes guard, sidecar, operator, redriver, subscriber and canary in the names of their principals
 * @param applicationId application id of the guard: its consumer group, and prefix of its internal topics and transactional ids
 */
public record LeastAcls(String principalPrefix, String applicationId) {

    private static final List<Topic<?>> INPUTS =
            List.of(Topics.TELEMETRY, Topics.OUTCOMES, Topics.OPERATOR, Topics.LEASES, Topics.POLICIES);

    /** Every line, principal by principal. */
    public List<AclRule> rules() {
        return Stream.of(guard(), showing(), sidecar(), operator(), redriver(), subscriber(), canary())
                .flatMap(rules -> rules)
                .toList();
    }

    private Stream<AclRule> guard() {
        String guard = "guard";
        String own = applicationId + "-";
        return Stream.of(
                        Stream.of(
                                topic(guard, READ, Topics.TELEMETRY, "hear the trainers"),
                                topic(guard, READ, Topics.OUTCOMES, "learn what became of its commands"),
                                topic(guard, READ, Topics.OPERATOR, "do what operators ask"),
                                topic(guard, READ, Topics.LEASES, "know who may act"),
                                topic(guard, READ, Topics.POLICIES, "check policies"),
                                topic(guard, READ, Topics.POLICIES_IN_FORCE, "act by the policies in force")),
                        Stream.of(
                                topic(guard, WRITE, Topics.COMMANDS, "command; nobody else may"),
                                topic(guard, WRITE, Topics.DECISIONS, "keep the ledger"),
                                topic(guard, WRITE, Topics.ANOMALIES, "tell what it sees"),
                                topic(guard, WRITE, Topics.RUNS, "tell where runs stand"),
                                topic(guard, WRITE, Topics.LEASES, "claim the runs that it sees first"),
                                topic(guard, WRITE, Topics.POLICIES_IN_FORCE, "put policies in force"),
                                topic(guard, WRITE, Topics.SHADOW, "tell how shadow policies do"),
                                topic(guard, WRITE, Topics.DEAD_LETTERS, "keep what it cannot read")),
                        Stream.of(
                                rule(guard, GROUP, LITERAL, applicationId, READ, "share the runs with other instances"),
                                rule(guard, TRANSACTIONAL_ID, PREFIXED, own, WRITE, "exactly once"),
                                rule(guard, TOPIC, PREFIXED, own, CREATE, "make the changelogs of its state"),
                                rule(guard, TOPIC, PREFIXED, own, WRITE, "write the changelogs of its state"),
                                rule(guard, TOPIC, PREFIXED, own, READ, "restore its state")))
                .flatMap(rules -> rules);
    }

    /** What the guard shows on its dashboard and in its metrics, and tells as notifications, it reads from the topics. */
    private Stream<AclRule> showing() {
        String guard = "guard";
        return Stream.of(
                topic(guard, READ, Topics.ANOMALIES, "show and notify what it saw"),
                topic(guard, READ, Topics.DECISIONS, "show and notify what it decided"),
                topic(guard, READ, Topics.COMMANDS, "show what it commanded"),
                topic(guard, READ, Topics.RUNS, "show where runs stand"),
                topic(guard, READ, Topics.SHADOW, "show how shadow policies do"),
                topic(guard, READ, Topics.DEAD_LETTERS, "count what it could not read"),
                rule(guard, GROUP, LITERAL, applicationId + "-notifications", READ, "notify once per cluster"));
    }

    private Stream<AclRule> canary() {
        String canary = "canary";
        return Stream.of(
                topic(canary, WRITE, Topics.TELEMETRY, "plant a collapse"),
                topic(canary, READ, Topics.ANOMALIES, "see whether it was seen"));
    }

    private Stream<AclRule> sidecar() {
        String sidecar = "sidecar";
        return Stream.of(
                topic(sidecar, WRITE, Topics.TELEMETRY, "report steps"),
                topic(sidecar, READ, Topics.COMMANDS, "hear commands"),
                topic(sidecar, READ, Topics.RUNS, "know how far the guard is"),
                topic(sidecar, WRITE, Topics.OUTCOMES, "answer commands"));
    }

    private Stream<AclRule> operator() {
        String operator = "operator";
        return Stream.concat(
                Topics.all().stream().map(topic -> topic(operator, READ, topic, "ask about it in the console")),
                Stream.of(
                        topic(operator, WRITE, Topics.OPERATOR, "approve, deny, snooze, send, cancel"),
                        topic(operator, WRITE, Topics.LEASES, "take and release runs"),
                        topic(operator, WRITE, Topics.POLICIES, "apply and withdraw policies")));
    }

    private Stream<AclRule> redriver() {
        String redriver = "redriver";
        return Stream.of(
                        Stream.of(
                                topic(redriver, READ, Topics.DEAD_LETTERS, "find the letters"),
                                topic(redriver, WRITE, Topics.DEAD_LETTERS, "note what was redriven"),
                                rule(redriver, TRANSACTIONAL_ID, PREFIXED, Redrive.TRANSACTIONS, WRITE, "once each")),
                        INPUTS.stream().map(topic -> topic(redriver, READ, topic, "find what a letter does not hold")),
                        INPUTS.stream().map(topic -> topic(redriver, WRITE, topic, "put it back")))
                .flatMap(rules -> rules);
    }

    private Stream<AclRule> subscriber() {
        String subscriber = "subscriber";
        return Stream.concat(
                Stream.of(Topics.COMMANDS, Topics.OUTCOMES, Topics.ANOMALIES, Topics.DECISIONS, Topics.RUNS)
                        .map(topic -> topic(subscriber, READ, topic, "be told")),
                Stream.of(rule(
                        subscriber,
                        GROUP,
                        PREFIXED,
                        principalPrefix + subscriber,
                        READ,
                        "keep its place, in groups that begin so")));
    }

    private AclRule topic(String role, AclOperation operation, Topic<?> topic, String why) {
        return rule(role, TOPIC, LITERAL, topic.name(), operation, why);
    }

    private AclRule rule(
            String role, ResourceType type, PatternType pattern, String name, AclOperation operation, String why) {
        return new AclRule("User:" + principalPrefix + role, type, pattern, name, operation, why);
    }
}
