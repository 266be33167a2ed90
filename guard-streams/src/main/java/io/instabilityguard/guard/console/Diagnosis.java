package io.instabilityguard.guard.console;

/**
 * One thing that the guard needs, looked at.
 *
 * @param about what it is
 * @param finding what was found, in one line
 * @param fix what puts it right; empty when nothing has to be
 */
record Diagnosis(String about, String finding, String fix) {
    static Diagnosis ready(String about, String finding) {
        return new Diagnosis(about, finding, "");
    }

    boolean isReady() {
        return fix.isEmpty();
    }
}
