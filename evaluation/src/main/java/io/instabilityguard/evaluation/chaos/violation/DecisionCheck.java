package io.instabilityguard.evaluation.chaos.violation;

import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.InterventionCommand;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;

/** The chain of a run's decisions is whole, and every command was decided on, once. */
final class DecisionCheck {
    private final String run;
    private final List<Violation> found = new ArrayList<>();

    private DecisionCheck(String run) {
        this.run = run;
    }

    /** The decisions and commands of one run. */
    static List<Violation> of(
            String run, List<Message<Decision>> decisions, List<Message<InterventionCommand>> commands) {
        DecisionCheck check = new DecisionCheck(run);
        check.chain(decisions);
        check.commands(decisions, commands);
        return check.found;
    }

    private void chain(List<Message<Decision>> decisions) {
        String previous = "";
        long sequence = 0;
        for (Message<Decision> message : decisions) {
            Decision decision = message.value();
            String which = "the decision at " + message.place();
            if (decision.getSequence() != sequence) {
                complain(which + " has number " + decision.getSequence() + " instead of " + sequence);
            }
            if (!decision.getPreviousHash().equals(previous)) {
                complain(which + " does not follow the one before");
            }
            if (!decision.getHash().equals(hash(decision))) {
                complain(which + " was changed after it was sealed");
            }
            previous = decision.getHash();
            sequence = decision.getSequence() + 1;
        }
    }

    private void commands(List<Message<Decision>> decisions, List<Message<InterventionCommand>> commands) {
        Set<String> decided = new HashSet<>();
        for (Message<Decision> message : decisions) {
            Decision decision = message.value();
            if (decision.getAction() == DecisionAction.COMMAND && !decided.add(decision.getCommandId())) {
                complain("the command " + decision.getCommandId() + " was decided on twice");
            }
        }
        Set<String> sent = new HashSet<>();
        for (Message<InterventionCommand> message : commands) {
            String id = message.value().getId();
            if (!sent.add(id)) {
                complain("the command " + id + " is in the topic twice, again at " + message.place());
            }
            if (!decided.contains(id)) {
                complain("the command " + id + " at " + message.place() + " was never decided on");
            }
        }
        decided.removeAll(sent);
        decided.forEach(id -> complain("the command " + id + " was decided on and is not in the topic"));
    }

    /** SHA-256 over the previous hash and the Avro binary with an empty hash, as the schema says. */
    static String hash(Decision decision) {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            bytes.write(decision.getPreviousHash().getBytes(StandardCharsets.UTF_8));
            BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
            Decision open = Decision.newBuilder(decision).setHash("").build();
            new SpecificDatumWriter<>(Decision.class).write(open, encoder);
            encoder.flush();
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes.toByteArray());
            return String.format("%064x", new BigInteger(1, digest));
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory", e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private void complain(String text) {
        found.add(new Violation(Invariant.DECIDED_ONCE, run, text));
    }
}
