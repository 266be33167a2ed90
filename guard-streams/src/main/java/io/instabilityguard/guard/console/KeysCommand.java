package io.instabilityguard.guard.console;

import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.schemas.signature.KeyPairFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** {@code guard keys}: the keys that commands are signed with. */
@Command(
        name = "keys",
        description = "Keys to sign commands with.",
        scope = ScopeType.INHERIT,
        footer = {"", "Example:", "  guard keys create --out /etc/instability-guard/keys --id guard-1"},
        mixinStandardHelpOptions = true)
final class KeysCommand {

    @Mixin
    private OutputOptions output = new OutputOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Command(
            name = "create",
            description = "Makes a pair: ID.key for the guard alone (mode 0600), ID.pem for the sidecars.",
            mixinStandardHelpOptions = true)
    int create(
            @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder for both files.")
                    Path out,
            @Option(names = "--id", paramLabel = "ID", description = "Key id; default: from the key's fingerprint.")
                    @Nullable
                    String id) {
        try {
            KeyPairFiles files = KeyPairFiles.create(out, Optional.ofNullable(id));
            PrintWriter text = spec.commandLine().getOut();
            if (output.isJson()) {
                output.listing("id", "privateKey", "publicKey")
                        .add(
                                files.id(),
                                files.privateKey().toString(),
                                files.publicKey().toString())
                        .print(text);
                return 0;
            }
            text.println("private key: " + files.privateKey() + "   (signing.key of the guard's configuration)");
            text.println("public key:  " + files.publicKey() + "   (commands.public-keys of every sidecar's)");
            text.flush();
            return 0;
        } catch (IOException e) {
            throw new PolicyException("keys create: " + e.getMessage());
        }
    }
}
