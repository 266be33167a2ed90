package io.instabilityguard.guard.console;

import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** How a command shows what it found: a table for people, one JSON object per line for programs. */
final class OutputOptions {

    @Option(names = "--json", scope = ScopeType.INHERIT, description = "One JSON object per line instead of a table.")
    private boolean json;

    /** An empty listing with these columns. */
    Listing listing(String... columns) {
        return new Listing(json, columns);
    }

    /** Whether programs read the output. */
    boolean isJson() {
        return json;
    }
}
