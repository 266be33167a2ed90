package io.instabilityguard.guard.console;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourceType;

/**
 * Whether a principal may do with the topics what {@link LeastAcls} says that its role must. Pure. Transactional ids and the changelogs of the
 * guard's state are not among it: brokers tell nobody what he may do with them.
 *
 * @param role guard, sidecar, operator, redriver or subscriber
 * @param applicationId application id of the guard
 */
record AccessCheck(String role, String applicationId) {

    /** The lines that concern a topic of the catalogue. */
    List<AclRule> rules() {
        return new LeastAcls("", applicationId)
                .rules().stream()
                        .filter(rule -> rule.principal().equals("User:" + role))
                        .filter(rule -> rule.type() == ResourceType.TOPIC && rule.pattern() == PatternType.LITERAL)
                        .toList();
    }

    /** The names of those topics. */
    Set<String> topics() {
        return rules().stream().map(AclRule::name).collect(Collectors.toSet());
    }

    /** What is not allowed, by what the brokers say of each topic; a topic that they say nothing of allows nothing. */
    List<AclRule> missing(Map<String, Set<AclOperation>> allowed) {
        return rules().stream()
                .filter(rule -> !allowed.getOrDefault(rule.name(), Set.of()).contains(rule.operation()))
                .toList();
    }

    /** The finding: nothing is missing, or the first line that is, and how to allow all of them. */
    Diagnosis diagnosis(Map<String, Set<AclOperation>> allowed) {
        List<AclRule> missing = missing(allowed);
        if (missing.isEmpty()) {
            return Diagnosis.ready("Access", "may do with every topic what its role needs: " + role);
        }
        AclRule first = missing.get(0);
        return new Diagnosis(
                "Access",
                "may not %s %s (%s)%s"
                        .formatted(
                                first.operation(),
                                first.name(),
                                first.why(),
                                missing.size() == 1 ? "" : ", and " + (missing.size() - 1) + " things more"),
                "an administrator runs what `guard acls` prints for " + role
                        + ", with --principal-prefix where principals are distinguished names");
    }
}
