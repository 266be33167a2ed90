package io.instabilityguard.guard.agreement;

import io.instabilityguard.guard.agreement.Match.Subject;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Decision;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;

/**
 * Compares what two policies say of one run, record by record in the order of the steps. Two alarms of one detector are the same when there is a step at which both
 * are open; two commands are the same when they are of one kind and answer such an alarm. An alarm that is raised again while the other policy's stays open counts
 * once more for the one that raised it. What operators asked for, rollbacks and cancellations are left out. Immutable.
 *
 * @param open what is not concluded yet, by detector
 * @param alarms how often they agreed on alarms, as far as concluded
 * @param commands how often they agreed on commands, as far as concluded
 */
public record Agreement(Map<String, Episode> open, Tally alarms, Tally commands) {

    /** Nothing yet. */
    public static final Agreement NONE = new Agreement(Map.of(), Tally.NONE, Tally.NONE);

    /** Commands of one detector that wait for a counterpart; the oldest gives way, so that memory is bounded. */
    private static final int MOST_WISHES = 64;

    /** Keeps its own copy. */
    public Agreement {
        open = Collections.unmodifiableMap(new TreeMap<>(open));
    }

    /** One that begins while both have anomalies of these detectors open: who raised them does not count. */
    public static Agreement withOpen(List<String> detectors, long generation) {
        Map<String, Episode> open = new TreeMap<>();
        detectors.forEach(detector -> open.put(detector, Episode.openOnBoth(detector, generation)));
        return new Agreement(open, Tally.NONE, Tally.NONE);
    }

    /** The agreement after an anomaly or a decision of one policy; other records change nothing. What is settled by it goes to {@code settled}. */
    public Agreement after(Side side, SpecificRecord made, Consumer<Match> settled) {
        if (made instanceof Anomaly anomaly) {
            return switch (anomaly.getTransition()) {
                case RAISED -> raised(side, anomaly, settled);
                case CLEARED -> cleared(side, anomaly, settled);
                default -> this;
            };
        }
        return made instanceof Decision decision
                ? Wish.of(side, decision)
                        .map(wish -> wanted(wish, decision, settled))
                        .orElse(this)
                : this;
    }

    /** The agreement if everything that is open ended now. */
    public Agreement concluded(Consumer<Match> settled) {
        Agreement last = this;
        for (Episode episode : open.values()) {
            last = last.settle(episode, settled);
        }
        return last;
    }

    private Agreement raised(Side side, Anomaly anomaly, Consumer<Match> settled) {
        String detector = anomaly.getEvidence().getDetector();
        Episode episode = episode(detector, anomaly.getGeneration());
        Agreement next = with(episode.raised(side, anomaly.getStep()));
        boolean isAgain = episode.stepOf(side) >= 0;
        return isAgain
                ? next.and(
                        Match.alone(Subject.ALARM, detector, "", anomaly.getGeneration(), side, anomaly.getStep()),
                        settled)
                : next;
    }

    private Agreement cleared(Side side, Anomaly anomaly, Consumer<Match> settled) {
        Episode known = open.get(anomaly.getEvidence().getDetector());
        if (known == null) {
            return this;
        }
        Episode episode = known.cleared(side);
        return episode.isOver() ? settle(episode, settled) : with(episode);
    }

    private Agreement wanted(Wish wish, Decision decision, Consumer<Match> settled) {
        String detector = Wish.detectorOf(decision);
        Episode episode = episode(detector, decision.getGeneration());
        Optional<Wish> counterpart = episode.wishes().stream()
                .filter(other -> other.side() != wish.side() && other.kind().equals(wish.kind()))
                .findFirst();
        List<Wish> wishes = new ArrayList<>(episode.wishes());
        if (counterpart.isEmpty()) {
            wishes.add(wish);
            return wishes.size() <= MOST_WISHES
                    ? with(episode.with(wishes))
                    : with(episode.with(wishes.subList(1, wishes.size())))
                            .and(wishes.get(0).alone(detector, episode.generation()), settled);
        }
        wishes.remove(counterpart.get());
        boolean isBase = wish.side() == Side.BASE;
        long other = counterpart.get().step();
        return with(episode.with(wishes))
                .and(
                        new Match(
                                Subject.COMMAND,
                                detector,
                                wish.kind(),
                                episode.generation(),
                                isBase ? wish.step() : other,
                                isBase ? other : wish.step()),
                        settled);
    }

    private Episode episode(String detector, long generation) {
        return open.getOrDefault(detector, Episode.of(detector, generation));
    }

    private Agreement with(Episode episode) {
        Map<String, Episode> changed = new TreeMap<>(open);
        changed.put(episode.detector(), episode);
        return new Agreement(changed, alarms, commands);
    }

    private Agreement settle(Episode episode, Consumer<Match> settled) {
        Map<String, Episode> rest = new TreeMap<>(open);
        rest.remove(episode.detector());
        Agreement next = new Agreement(rest, alarms, commands);
        for (Match match : episode.concluded()) {
            next = next.and(match, settled);
        }
        return next;
    }

    private Agreement and(Match match, Consumer<Match> settled) {
        settled.accept(match);
        return match.subject() == Subject.ALARM
                ? new Agreement(open, alarms.and(match), commands)
                : new Agreement(open, alarms, commands.and(match));
    }
}
