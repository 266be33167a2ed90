package io.instabilityguard.guard.console;

import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/**
 * One line of an access control list: this principal may do this to that.
 *
 * @param principal as Kafka writes it, {@code User:name}
 * @param why what fails without it
 */
public record AclRule(
        String principal, ResourceType type, PatternType pattern, String name, AclOperation operation, String why) {

    /** The line as Kafka keeps it, from any host. */
    public AclBinding binding() {
        return new AclBinding(
                new ResourcePattern(type, name, pattern),
                new AccessControlEntry(principal, "*", operation, AclPermissionType.ALLOW));
    }

    /** The line as an option of Kafka's own tool; names need no quotes in a shell. */
    String command() {
        String resource = switch (type) {
            case GROUP -> "--group";
            case TRANSACTIONAL_ID -> "--transactional-id";
            default -> "--topic";
        };
        String prefixed = pattern == PatternType.PREFIXED ? " --resource-pattern-type prefixed" : "";
        return "--add --allow-principal '%s' --operation %s %s '%s'%s"
                .formatted(principal, operation, resource, name, prefixed);
    }
}
