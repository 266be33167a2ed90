package io.instabilityguard.evaluation.chaos.violation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Where every record lies that a sidecar has written, by its mark: nothing acknowledged is lost, and nothing is written twice. */
final class MarkedRecords {
    private final Map<String, String> places = new HashMap<>();
    private final List<Violation> doubled = new ArrayList<>();

    /** Takes in what was read since the last time. */
    void enter(List<Message<?>> messages) {
        for (Message<?> message : messages) {
            String other = message.mark().isEmpty() ? null : places.put(message.mark(), message.place());
            if (other != null) {
                String text = "one record was written twice, at " + other + " and " + message.place();
                doubled.add(new Violation(Invariant.NOTHING_LOST, message.key(), text));
            }
        }
    }

    /** Records that were written twice, and acknowledgements of records that are not where they were said to be. */
    List<Violation> compare(List<Acknowledgement> acknowledgements) {
        List<Violation> found = new ArrayList<>(doubled);
        for (Acknowledgement acknowledgement : acknowledgements) {
            String place = places.get(acknowledgement.mark());
            boolean isKnownPlace = acknowledgement.offset() >= 0;
            if (place == null || (isKnownPlace && !place.equals(acknowledgement.place()))) {
                String text = acknowledgement + (place == null ? " is not there" : " lies at " + place);
                found.add(new Violation(Invariant.NOTHING_LOST, "", text));
            }
        }
        return found;
    }
}
