package io.instabilityguard.guard.console;

import io.instabilityguard.schemas.AgreementTally;
import io.instabilityguard.schemas.ShadowAgreement;
import io.instabilityguard.schemas.Topics;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** {@code guard shadow}: how policies do that are only tried. */
@Command(
        name = "shadow",
        description = "How shadow policies do.",
        scope = ScopeType.INHERIT,
        footer = {
            "",
            "Examples:",
            "  guard policy apply stricter.yaml --runs 'sweep-*' --shadow --reason trial",
            "  guard shadow report --run sweep-7"
        },
        mixinStandardHelpOptions = true)
final class ShadowPolicyCommand extends ClusterCommand {

    @Command(
            name = "report",
            description = {
                "Where shadow policies and those in force agree, run by run: alarms and commands that both came to, only the shadow, or only the one in force.",
                "leadSteps: steps by which the shadow was earlier where both came to it, in all."
            },
            mixinStandardHelpOptions = true)
    int report(
            @Option(names = "--run", paramLabel = "R", description = "Id of the only run to report.") @Nullable
                    String run) {
        Map<String, ShadowAgreement> latest = latest(run);
        if (run != null && latest.isEmpty()) {
            return refuse("no shadow policy has differed or agreed on run " + run
                    + " yet: `guard policy show` lists the shadows, `guard runs ls` the runs");
        }
        Listing listing = output.listing(
                "run",
                "what",
                "both",
                "onlyShadow",
                "onlyInForce",
                "leadSteps",
                "sinceStep",
                "step",
                "shadowHash",
                "policyHash");
        latest.values().forEach(agreement -> {
            add(listing, agreement, "alarms", agreement.getAlarms());
            add(listing, agreement, "commands", agreement.getCommands());
        });
        listing.print(out());
        return 0;
    }

    private static void add(Listing listing, ShadowAgreement agreement, String what, AgreementTally tally) {
        listing.add(
                agreement.getRun(),
                what,
                tally.getBoth(),
                tally.getOnlyShadow(),
                tally.getOnlyInForce(),
                tally.getLeadSteps(),
                agreement.getSinceStep(),
                agreement.getStep(),
                agreement.getShadowHash(),
                agreement.getPolicyHash());
    }

    private Map<String, ShadowAgreement> latest(@Nullable String run) {
        Map<String, ShadowAgreement> latest = new TreeMap<>();
        try (TopicReader reader = new TopicReader(cluster)) {
            reader.read(Topics.SHADOW, entry -> {
                if (run == null || run.equals(entry.record().key())) {
                    latest.put(entry.record().key(), entry.value());
                }
            });
        }
        return latest;
    }
}
