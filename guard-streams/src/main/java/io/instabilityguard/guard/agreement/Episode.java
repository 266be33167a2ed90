package io.instabilityguard.guard.agreement;

import io.instabilityguard.guard.agreement.Match.Subject;
import java.util.ArrayList;
import java.util.List;

/**
 * The time in which at least one of two policies has an anomaly of one detector open.
 *
 * @param detector the detector
 * @param generation generation of the trainer
 * @param baseStep step at which the one raised it first; -1 while it has not
 * @param candidateStep step at which the candidate raised it first; -1 while it has not
 * @param baseOpen whether it is open there
 * @param candidateOpen whether it is open with the candidate
 * @param wishes commands that have no counterpart yet, oldest first
 */
record Episode(
        String detector,
        long generation,
        long baseStep,
        long candidateStep,
        boolean baseOpen,
        boolean candidateOpen,
        List<Wish> wishes) {

    Episode {
        wishes = List.copyOf(wishes);
    }

    static Episode of(String detector, long generation) {
        return new Episode(detector, generation, -1, -1, false, false, List.of());
    }

    /** One of which is not known who raised it first. */
    static Episode openOnBoth(String detector, long generation) {
        return new Episode(detector, generation, -1, -1, true, true, List.of());
    }

    /** Step at which this policy raised it first; -1 while it has not. */
    long stepOf(Side side) {
        return side == Side.BASE ? baseStep : candidateStep;
    }

    boolean isOver() {
        return !baseOpen && !candidateOpen;
    }

    /** The same when one policy has raised it at this step; only the first time counts. */
    Episode raised(Side side, long step) {
        long first = stepOf(side) < 0 ? step : stepOf(side);
        return side == Side.BASE
                ? new Episode(detector, generation, first, candidateStep, true, candidateOpen, wishes)
                : new Episode(detector, generation, baseStep, first, baseOpen, true, wishes);
    }

    Episode cleared(Side side) {
        return side == Side.BASE
                ? new Episode(detector, generation, baseStep, candidateStep, false, candidateOpen, wishes)
                : new Episode(detector, generation, baseStep, candidateStep, baseOpen, false, wishes);
    }

    Episode with(List<Wish> changed) {
        return new Episode(detector, generation, baseStep, candidateStep, baseOpen, candidateOpen, changed);
    }

    /** What it comes to when it ends now: its alarm, and the commands without counterpart. */
    List<Match> concluded() {
        List<Match> matches = new ArrayList<>();
        if (baseStep >= 0 || candidateStep >= 0) {
            matches.add(new Match(Subject.ALARM, detector, "", generation, baseStep, candidateStep));
        }
        wishes.forEach(wish -> matches.add(wish.alone(detector, generation)));
        return matches;
    }
}
