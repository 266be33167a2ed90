package io.instabilityguard.guard.console;

import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.guard.view.access.Principal;
import io.instabilityguard.guard.view.access.TokenHash;
import java.io.PrintWriter;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code guard token}: makes a token for the dashboard. It is printed once; the configuration gets its hash. */
@Command(
        name = "token",
        description =
                "Makes a token for the dashboard and the HTTP interface, and the lines of the configuration that let"
                        + " it in.",
        footer = {"", "Example: guard token ada --role operator"},
        mixinStandardHelpOptions = true)
final class TokenCommand implements Callable<Integer> {

    private static final List<String> ROLES = List.of("viewer", "operator", "admin");

    @Parameters(paramLabel = "NAME", description = "Whose it is: the name under which actions are recorded.")
    private String name = "";

    @Option(
            names = "--role",
            paramLabel = "ROLE",
            defaultValue = "viewer",
            description = "viewer (look), operator (approve, deny, snooze) or admin; default: viewer.")
    private String role = "viewer";

    @Mixin
    private OutputOptions output = new OutputOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() {
        if (!Principal.isName(name)) {
            throw new PolicyException("NAME: must be 1 to 100 characters of [A-Za-z0-9_@-], not " + name);
        }
        if (!ROLES.contains(role)) {
            throw new PolicyException("--role: must be one of " + String.join(", ", ROLES) + ", not " + role);
        }
        String token = TokenHash.newToken(new SecureRandom());
        PrintWriter out = spec.commandLine().getOut();
        if (output.isJson()) {
            output.listing("name", "role", "token", "sha256")
                    .add(name, role, token, TokenHash.of(token).hex())
                    .print(out);
            return 0;
        }
        out.printf("token, for %s alone: %s%n%nhttp:%n  tokens:%n", name, token);
        out.printf(
                "    %s: {role: %s, sha256: %s}%n",
                name, role, TokenHash.of(token).hex());
        out.flush();
        return 0;
    }
}
