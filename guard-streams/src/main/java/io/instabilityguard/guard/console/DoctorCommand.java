package io.instabilityguard.guard.console;

import io.instabilityguard.guard.GuardConfig;
import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.schemas.signature.SigningKey;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code guard doctor}, the cluster's part; {@code ./guard} adds that of the machine. */
@Command(
        name = "doctor",
        description = "Says what is there and what is not, each with what puts it right.",
        footer = {
            "",
            "Asks the cluster of --config or --bootstrap-servers; with neither, or with --sidecar-config, it looks at this machine. Examples:",
            "  guard doctor",
            "  guard doctor --config /etc/instability-guard/guard.yaml",
            "  guard doctor --sidecar-config /etc/instability-guard/sidecar.yaml --config operator.yaml --as operator"
        },
        exitCodeList = {"0:all is ready", ConsoleMain.BAD_OPTIONS, "3:something has to be put right"},
        mixinStandardHelpOptions = true)
final class DoctorCommand extends ClusterCommand implements Callable<Integer> {
    private static final int NOT_READY = 3;

    /** Who asks: whose rights are looked at. */
    enum Role {
        GUARD,
        SIDECAR,
        OPERATOR,
        REDRIVER,
        SUBSCRIBER
    }

    @Option(
            names = "--as",
            paramLabel = "ROLE",
            description =
                    "The configuration is that of a guard, sidecar, operator, redriver or subscriber; default guard.")
    private Role role = Role.GUARD;

    @Option(
            names = "--sidecar-config",
            paramLabel = "F",
            description = "Look at the socket of this sidecar's configuration, which must be there.")
    @SuppressWarnings("unused") // the machine's part reads it
    private @Nullable Path sidecarConfig;

    @Mixin
    private SigningOptions signing = new SigningOptions();

    @Override
    public Integer call() {
        List<Diagnosis> diagnoses = cluster.isNamed()
                ? ofCluster()
                : List.of(Diagnosis.ready("Kafka", "not asked: name the guard's configuration by --config F"));
        if (output.isJson()) {
            Listing listing = output.listing("about", "ready", "finding", "fix");
            diagnoses.forEach(each -> listing.add(each.about(), each.isReady(), each.finding(), each.fix()));
            listing.print(out());
        } else {
            diagnoses.forEach(this::explain);
        }
        return diagnoses.stream().allMatch(Diagnosis::isReady) ? 0 : NOT_READY;
    }

    private List<Diagnosis> ofCluster() {
        List<Diagnosis> found = new ArrayList<>();
        try {
            GuardConfig config = cluster.guard();
            if (role == Role.GUARD) {
                found.add(keys(config, config.signer()));
            } else if (role == Role.OPERATOR) {
                found.add(keys(config, signing.signer(config)));
            }
            found.addAll(new ClusterExamination(config, role.name().toLowerCase(Locale.ROOT)).diagnoses());
        } catch (PolicyException e) {
            found.add(
                    new Diagnosis(
                            "Config",
                            String.valueOf(e.getMessage()),
                            "correct it; where a key is missing, `guard keys create --out DIR` makes a pair (deploy/security.md)"));
        }
        return found;
    }

    private static Diagnosis keys(GuardConfig config, @Nullable SigningKey signer) {
        String signs = signer == null ? "signs nothing" : "signs as " + signer.id();
        return config.problemOf(signer)
                .map(problem -> new Diagnosis("Keys", signs + ", which the guards would refuse", problem))
                .orElseGet(() -> Diagnosis.ready(
                        "Keys",
                        signs
                                + (config.operators().isOn()
                                        ? ", which the guards believe"
                                        : "; operators need not sign (operators.public-keys)")));
    }

    private void explain(Diagnosis diagnosis) {
        out().printf("%-9s %s%n", diagnosis.about(), diagnosis.finding());
        if (!diagnosis.isReady()) {
            out().printf("%-9s   fix: %s%n", "", diagnosis.fix());
        }
        out().flush();
    }
}
