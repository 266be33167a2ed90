package io.instabilityguard.guard.console;

import io.instabilityguard.guard.policy.PolicyException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code guard acls}: what the principals of a secured cluster must be allowed. Asks no broker. */
@Command(
        name = "acls",
        description =
                "Prints the least that guard, sidecar, operator and subscriber must be allowed on a secured cluster.",
        footer = {"", "Example: guard acls --principal-prefix CN= > acls.sh"},
        mixinStandardHelpOptions = true)
final class AclsCommand implements Callable<Integer> {

    /** How the lines are printed. */
    enum Format {
        /** A shell script of calls of Kafka's {@code kafka-acls.sh}. */
        COMMANDS,
        /** One JSON object per line. */
        JSON
    }

    @Option(
            names = "--format",
            paramLabel = "F",
            description = "commands (of kafka-acls.sh) or json; default: commands.")
    private Format format = Format.COMMANDS;

    @Option(
            names = "--principal-prefix",
            paramLabel = "P",
            description = "What precedes guard, sidecar and so on in their names, as CN=; default: nothing.")
    private String principalPrefix = "";

    @Option(
            names = "--application-id",
            paramLabel = "ID",
            description = "The guard's application-id; default: ${DEFAULT-VALUE}.")
    private String applicationId = "instability-guard";

    @Mixin
    private OutputOptions output = new OutputOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    private static String quotable(String option, String value) {
        if (value.indexOf('\'') >= 0 || value.chars().anyMatch(Character::isISOControl)) {
            throw new PolicyException(option + ": quotes and control characters cannot be printed for a shell");
        }
        return value;
    }

    @Override
    public Integer call() {
        List<AclRule> rules = new LeastAcls(
                        quotable("--principal-prefix", principalPrefix), quotable("--application-id", applicationId))
                .rules();
        PrintWriter out = spec.commandLine().getOut();
        if (format == Format.JSON || output.isJson()) {
            Listing listing = new Listing(true, "principal", "resource", "pattern", "name", "operation", "why");
            rules.forEach(rule -> listing.add(
                    rule.principal(),
                    rule.type().name(),
                    rule.pattern().name(),
                    rule.name(),
                    rule.operation().name(),
                    rule.why()));
            listing.print(out);
        } else {
            out.println("# BOOTSTRAP_SERVERS=host:port ADMIN_CONFIG=admin.properties sh this-file");
            rules.forEach(rule -> out.println("kafka-acls.sh --bootstrap-server \"$BOOTSTRAP_SERVERS\" --command-config"
                    + " \"$ADMIN_CONFIG\" " + rule.command() + "   # " + rule.why()));
            out.flush();
        }
        return 0;
    }
}
