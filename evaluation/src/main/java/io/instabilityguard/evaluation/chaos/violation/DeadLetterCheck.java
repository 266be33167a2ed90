package io.instabilityguard.evaluation.chaos.violation;

import io.instabilityguard.schemas.DeadLetter;
import io.instabilityguard.schemas.Topics;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Poison, and nothing but poison, is in the dead letters, each record once. */
final class DeadLetterCheck {
    private DeadLetterCheck() {}

    /**
     * The dead letters so far.
     *
     * @param poison places in the topic of telemetry, {@code partition@offset}
     * @param unreadable records of any topic that cannot be read: topic and place
     */
    static List<Violation> of(Collection<String> poison, List<Message<DeadLetter>> letters, List<String> unreadable) {
        List<Violation> found = new ArrayList<>();
        Set<String> missing = new TreeSet<>(poison);
        for (Message<DeadLetter> message : letters) {
            DeadLetter letter = message.value();
            String place = letter.getPartition() + "@" + letter.getOffset();
            if (!letter.getTopic().equals(Topics.TELEMETRY.name()) || !missing.remove(place)) {
                String again = poison.contains(place) ? ", once more" : "";
                found.add(violation(
                        letter.getTopic() + " " + place + " was set aside" + again + ": " + letter.getCause()));
            }
        }
        missing.forEach(place -> found.add(violation("poison at " + place + " was not set aside")));
        for (String place : unreadable) {
            boolean isPoison = poison.stream().anyMatch(each -> place.equals(Topics.TELEMETRY.name() + " " + each));
            if (!isPoison) {
                found.add(violation("nobody can read " + place));
            }
        }
        return found;
    }

    private static Violation violation(String text) {
        return new Violation(Invariant.SET_ASIDE_ONCE, "", text);
    }
}
