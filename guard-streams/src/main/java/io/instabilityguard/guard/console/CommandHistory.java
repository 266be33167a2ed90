package io.instabilityguard.guard.console;

import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.Topics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What the topics say of runs, proposals and commands now.
 *
 * @param states latest state of every run
 * @param entries proposals and commands by id, oldest first
 */
record CommandHistory(Map<String, RunState> states, Map<String, CommandEntry> entries) {

    /** Reads the topics to their ends of now. */
    static CommandHistory read(ClusterOptions cluster) {
        Map<String, RunState> states = states(cluster);
        List<InterventionCommand> commands = new ArrayList<>();
        List<InterventionOutcome> outcomes = new ArrayList<>();
        try (TopicReader reader = new TopicReader(cluster)) {
            reader.read(Topics.COMMANDS, entry -> commands.add(entry.value()));
        }
        try (TopicReader reader = new TopicReader(cluster)) {
            reader.read(Topics.OUTCOMES, entry -> outcomes.add(entry.value()));
        }
        return of(states, commands, outcomes);
    }

    /** Latest state of every run. */
    static Map<String, RunState> states(ClusterOptions cluster) {
        Map<String, RunState> states = new TreeMap<>();
        try (TopicReader reader = new TopicReader(cluster)) {
            reader.read(Topics.RUNS, entry -> states.put(entry.record().key(), entry.value()));
        }
        return states;
    }

    /** The history that these records tell. */
    static CommandHistory of(
            Map<String, RunState> states, List<InterventionCommand> commands, List<InterventionOutcome> outcomes) {
        Map<String, CommandEntry> entries = new LinkedHashMap<>();
        for (InterventionCommand command : commands) {
            List<InterventionOutcome> answers = outcomes.stream()
                    .filter(outcome -> outcome.getCommandId().equals(command.getId()))
                    .toList();
            entries.put(command.getId(), CommandEntry.of(command, answers));
        }
        states.values().stream()
                .flatMap(state -> state.getProposals().stream())
                .map(CommandEntry::of)
                .forEach(proposal -> entries.putIfAbsent(proposal.id(), proposal));
        return new CommandHistory(states, entries);
    }

    Optional<CommandEntry> entry(String id) {
        return Optional.ofNullable(entries.get(id));
    }

    Optional<RunState> state(String run) {
        return Optional.ofNullable(states.get(run));
    }
}
