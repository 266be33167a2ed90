package io.instabilityguard.evaluation.deploy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.instabilityguard.guard.catalogue.TopicPlan;
import io.instabilityguard.guard.console.AclRule;
import io.instabilityguard.guard.console.LeastAcls;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** The catalogue of topics and the least access control list as resources of Strimzi's operators. */
final class StrimziResources {
    private static final String API = "kafka.strimzi.io/v1";
    private static final String HEAD =
            "# Generated: evaluation's KubernetesTest says how to bring it up to date. For Strimzi 0.49 or newer.\n";
    private static final TopicPlan PLAN = TopicPlan.of(3);

    private StrimziResources() {}

    /** A KafkaTopic for every topic of the catalogue. */
    static String topics() {
        return HEAD + Topics.all().stream().map(topic -> document(topic(topic))).collect(Collectors.joining("---\n"));
    }

    /** A KafkaUser for every principal, with exactly the rights that {@code ./guard acls} prints. */
    static String users() {
        Map<String, List<AclRule>> rules = new LeastAcls("", "instability-guard")
                .rules().stream().collect(Collectors.groupingBy(AclRule::principal, TreeMap::new, Collectors.toList()));
        return HEAD
                + rules.entrySet().stream()
                        .map(user -> document(user(user.getKey().substring("User:".length()), user.getValue())))
                        .collect(Collectors.joining("---\n"));
    }

    private static ObjectNode topic(Topic<?> topic) {
        ObjectNode resource = resource("KafkaTopic", topic.name());
        ObjectNode config = resource.putObject("spec")
                .put("partitions", topic.partitions())
                .put("replicas", PLAN.replicationFactor())
                .putObject("config");
        PLAN.settings(topic).forEach(config::put);
        return resource;
    }

    private static ObjectNode user(String name, List<AclRule> rules) {
        ObjectNode resource = resource("KafkaUser", name);
        ObjectNode spec = resource.putObject("spec");
        spec.putObject("authentication").put("type", "scram-sha-512");
        ArrayNode acls = spec.putObject("authorization").put("type", "simple").putArray("acls");
        rules.stream()
                .collect(Collectors.groupingBy(
                        rule -> rule.binding().pattern(),
                        LinkedHashMap::new,
                        Collectors.mapping(rule -> name(rule.operation().name()), Collectors.toList())))
                .forEach((pattern, operations) -> acls.add(acl(pattern, operations)));
        return resource;
    }

    private static ObjectNode acl(ResourcePattern pattern, List<String> operations) {
        ObjectNode acl = JsonNodeFactory.instance.objectNode();
        acl.putObject("resource")
                .put(
                        "type",
                        pattern.resourceType() == ResourceType.TRANSACTIONAL_ID ? "transactionalId" : lower(pattern))
                .put("name", pattern.name())
                .put("patternType", pattern.patternType() == PatternType.PREFIXED ? "prefix" : "literal");
        operations.forEach(acl.putArray("operations")::add);
        return acl.put("host", "*");
    }

    private static String lower(ResourcePattern pattern) {
        return pattern.resourceType().name().toLowerCase(Locale.ROOT);
    }

    /** Kafka's READ is Strimzi's Read. */
    private static String name(String operation) {
        return operation.charAt(0) + operation.substring(1).toLowerCase(Locale.ROOT);
    }

    private static ObjectNode resource(String kind, String name) {
        ObjectNode resource =
                JsonNodeFactory.instance.objectNode().put("apiVersion", API).put("kind", kind);
        resource.putObject("metadata").put("name", name).putObject("labels").put("strimzi.io/cluster", "kafka");
        return resource;
    }

    private static String document(ObjectNode resource) {
        try {
            return Deploy.YAML.writeValueAsString(resource);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }
}
