package io.instabilityguard.guard.console;

import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.Topics;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;

/** {@code guard runs}: where the runs stand, as the guard published it last. */
@Command(
        name = "runs",
        description = "Where the runs stand.",
        scope = ScopeType.INHERIT,
        footer = {
            "",
            "Examples:",
            "  guard runs ls --config /etc/instability-guard/guard.yaml",
            "  guard runs show my-run --json"
        },
        mixinStandardHelpOptions = true)
final class RunsCommand extends ClusterCommand {

    @Command(name = "ls", description = "Every run, one line each.", mixinStandardHelpOptions = true)
    int ls() {
        Listing listing = output.listing("run", "health", "mode", "lastStep", "commands", "reason");
        states().values()
                .forEach(state -> listing.add(
                        state.getRun(),
                        state.getHealth().name(),
                        state.getMode().name(),
                        state.getLastStep(),
                        state.getCommandsIssued(),
                        state.getHealthReason()));
        listing.print(out());
        return 0;
    }

    @Command(name = "show", description = "All that is known of one run.", mixinStandardHelpOptions = true)
    int show(@Parameters(paramLabel = "RUN", description = "Id of the run.") String run) {
        RunState state = states().get(run);
        if (state == null) {
            throw new PolicyException(
                    "run " + run + " is not known on these brokers: `guard runs ls` lists those that are");
        }
        Listing listing = output.listing("field", "value");
        state.getSchema()
                .getFields()
                .forEach(field -> listing.add(field.name(), String.valueOf(state.get(field.pos()))));
        listing.print(out());
        return 0;
    }

    private Map<String, RunState> states() {
        Map<String, RunState> states = new TreeMap<>();
        try (TopicReader reader = new TopicReader(cluster)) {
            reader.read(Topics.RUNS, entry -> states.put(entry.record().key(), entry.value()));
        }
        return states;
    }
}
