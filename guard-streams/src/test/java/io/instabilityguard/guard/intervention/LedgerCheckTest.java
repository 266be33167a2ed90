package io.instabilityguard.guard.intervention;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.intervention.LedgerCheck.Chain;
import io.instabilityguard.guard.intervention.LedgerCheck.Finding;
import io.instabilityguard.guard.intervention.LedgerCheck.Flaw;
import io.instabilityguard.guard.intervention.LedgerCheck.Place;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.Evidence;
import io.instabilityguard.schemas.Verdict;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.specific.SpecificData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever somebody does to a chain of five decisions is found, or said to be beyond what a chain can show. */
final class LedgerCheckTest {

    private static final String RUN = "run-1";
    private static final int LENGTH = 5;

    private final List<Decision> chain = chain("calm");

    @Test
    void shouldProveAnUntouchedChain() {
        Chain checked = check(chain);

        assertThat(checked.finding()).isEmpty();
        assertThat(checked.decisions()).isEqualTo(LENGTH);
        assertThat(checked.head()).isEqualTo(chain.get(LENGTH - 1).getHash());
    }

    static Stream<String> fields() {
        Stream<String> own = Decision.getClassSchema().getFields().stream().map(Schema.Field::name);
        Stream<String> inner = Evidence.getClassSchema().getFields().stream().map(field -> "evidence." + field.name());
        return Stream.concat(own, inner);
    }

    @ParameterizedTest
    @MethodSource("fields")
    void shouldFindAnEditOfAnyFieldOfAnyDecision(String field) {
        for (int i = 0; i < LENGTH; i++) {
            List<Decision> edited = new ArrayList<>(chain);
            edited.set(i, edited(chain.get(i), field));
            assertThat(edited.get(i)).isNotEqualTo(chain.get(i));

            Flaw expected = field.equals("run") ? Flaw.MISPLACED : Flaw.ALTERED;
            assertThat(firstOf(edited))
                    .extracting(Finding::flaw, Finding::sequence, Finding::place)
                    .containsExactly(expected, edited.get(i).getSequence(), place(i));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void shouldFindAnEditThatWasSealedAgain(int index) {
        List<Decision> edited = new ArrayList<>(chain);
        edited.set(
                index,
                DecisionChain.seal(
                        Decision.newBuilder(chain.get(index)).setReason("nothing to see"),
                        chain.get(index).getPreviousHash()));

        Finding finding = firstOf(edited);
        assertThat(finding.flaw()).isEqualTo(Flaw.FORKED);
        assertThat(finding.place()).isEqualTo(place(index + 1));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void shouldFindAGap(int index) {
        List<Decision> shorter = new ArrayList<>(chain);
        shorter.remove(index);

        assertThat(firstOf(shorter))
                .isEqualTo(new Finding(
                        Flaw.GAP,
                        index + 1,
                        place(index),
                        "decisions " + index + " to " + index + " are missing before it"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void shouldFindAChangedOrder(int index) {
        List<Decision> swapped = new ArrayList<>(chain);
        Collections.swap(swapped, index, index + 1);

        Finding finding = firstOf(swapped);
        assertThat(finding.flaw()).isEqualTo(index == 0 ? Flaw.FRONT_MISSING : Flaw.GAP);
        assertThat(finding.sequence()).isEqualTo(index + 1);
        assertThat(finding.place()).isEqualTo(place(index));
    }

    @Test
    void shouldFindAFrontThatWasCutOff() {
        Finding finding = firstOf(chain.subList(2, LENGTH));

        assertThat(finding.flaw()).isEqualTo(Flaw.FRONT_MISSING);
        assertThat(finding.explanation()).contains("decisions 0 to 1");
    }

    @Test
    void shouldFindADecisionThatIsThereTwice() {
        List<Decision> doubled = new ArrayList<>(chain);
        doubled.add(3, chain.get(2));

        assertThat(firstOf(doubled).flaw()).isEqualTo(Flaw.REPEATED);
        assertThat(firstOf(doubled).place()).isEqualTo(place(3));
    }

    @Test
    void shouldFindAForkAndAChainThatBeginsAgain() {
        List<Decision> other = chain("otherwise");
        List<Decision> forked = new ArrayList<>(chain);
        forked.add(3, other.get(2));
        assertThat(firstOf(forked).flaw()).isEqualTo(Flaw.FORKED);

        List<Decision> again = new ArrayList<>(chain);
        again.addAll(other);
        assertThat(firstOf(again)).satisfies(finding -> {
            assertThat(finding.flaw()).isEqualTo(Flaw.FORKED);
            assertThat(finding.sequence()).isZero();
            assertThat(finding.place()).isEqualTo(place(LENGTH));
        });
    }

    @Test
    void shouldFindADecisionUnderAnotherKey() {
        LedgerCheck check = new LedgerCheck();
        check.add("run-2", chain.get(0), place(0));
        check.add(null, chain.get(0), place(1));

        assertThat(check.chains())
                .singleElement()
                .satisfies(found -> assertThat(found.finding())
                        .hasValueSatisfying(
                                finding -> assertThat(finding.flaw()).isEqualTo(Flaw.MISPLACED)));
    }

    @Test
    void shouldKeepRunsApart() {
        LedgerCheck check = new LedgerCheck();
        check.reject("run-0", Flaw.UNREADABLE, place(0), "rubbish");
        chain.forEach(decision -> check.add(RUN, decision, place(1)));

        assertThat(check.chains()).extracting(Chain::run).containsExactly("run-0", RUN);
        assertThat(check.chains().get(0).finding()).contains(new Finding(Flaw.UNREADABLE, -1, place(0), "rubbish"));
        assertThat(check.chains().get(1).finding()).isEmpty();
    }

    @Test
    void shouldFollowTheChainOfEachApplication() {
        LedgerCheck check = new LedgerCheck();
        for (int i = 0; i < LENGTH; i++) {
            check.add(RUN, of("one", "calm").get(i), place(2 * i));
            check.add(RUN, of("two", "calm").get(i), place(2 * i + 1));
        }

        assertThat(check.chains()).extracting(Chain::application).containsExactly("one", "two");
        assertThat(check.chains()).allSatisfy(found -> {
            assertThat(found.finding()).isEmpty();
            assertThat(found.decisions()).isEqualTo(LENGTH);
        });
    }

    @Test
    void shouldFollowAChainFromAnOlderReleaseIntoThisOne() {
        List<Decision> upgraded = new ArrayList<>(chain);
        Decision next = DecisionChain.seal(
                open(LENGTH, "new").setApplication("guard"),
                chain.get(LENGTH - 1).getHash());
        upgraded.add(next);
        upgraded.add(DecisionChain.seal(open(LENGTH + 1, "newer").setApplication("guard"), next.getHash()));

        Chain found = check(upgraded);
        assertThat(found.finding()).isEmpty();
        assertThat(found.application()).isEqualTo("guard");
        assertThat(found.decisions()).isEqualTo(LENGTH + 2);
    }

    @Test
    void shouldSeeACutTailOnlyAgainstAHashThatWasNoted() {
        Chain cut = check(chain.subList(0, 3));

        assertThat(cut.finding()).isEmpty();
        assertThat(cut.contains(check(chain).head())).isFalse();
        assertThat(check(chain).contains(cut.head())).isTrue();
    }

    @Test
    void shouldSeeAWhollyRewrittenChainOnlyAgainstAHashThatWasNoted() {
        Chain rewritten = check(chain("otherwise"));

        assertThat(rewritten.finding()).isEmpty();
        assertThat(rewritten.contains(chain.get(0).getHash())).isFalse();
    }

    private static List<Decision> chain(String reason) {
        return of("", reason);
    }

    private static List<Decision> of(String application, String reason) {
        List<Decision> chain = new ArrayList<>();
        String head = "";
        for (int sequence = 0; sequence < LENGTH; sequence++) {
            Decision decision = DecisionChain.seal(open(sequence, reason).setApplication(application), head);
            chain.add(decision);
            head = decision.getHash();
        }
        return chain;
    }

    private static Decision.Builder open(int sequence, String reason) {
        return Decision.newBuilder()
                .setRun(RUN)
                .setGeneration(7)
                .setSequence(sequence)
                .setStep(10 + sequence)
                .setAction(DecisionAction.NOTHING)
                .setAnomalyId("anomaly")
                .setCommandId("command")
                .setVerdict(Verdict.NEUTRAL)
                .setReason(reason)
                .setEvidence(Evidence.newBuilder()
                        .setDetector("spike")
                        .setMetric("loss")
                        .setLayers(List.of("layer"))
                        .setValue(9)
                        .setBaseline(1)
                        .setThreshold(3)
                        .setFirstStep(1)
                        .setLastStep(10)
                        .build())
                .setPolicyHash("policy")
                .setTimestampMs(1_000);
    }

    /** The decision with another value in one field, which may be one of its evidence, and everything else as it was. */
    private static Decision edited(Decision decision, String field) {
        Decision copy = SpecificData.get().deepCopy(Decision.getClassSchema(), decision);
        boolean inner = field.startsWith("evidence.");
        IndexedRecord record = inner ? copy.getEvidence() : copy;
        Schema.Field edited = record.getSchema().getField(inner ? field.substring("evidence.".length()) : field);
        record.put(edited.pos(), other(edited.schema(), record.get(edited.pos())));
        return copy;
    }

    private static Object other(Schema schema, Object value) {
        return switch (schema.getType()) {
            case STRING -> value + "x";
            case LONG -> (Long) value + 1;
            case INT -> (Integer) value + 1;
            case DOUBLE -> (Double) value + 1;
            case ARRAY -> List.of("another");
            case ENUM -> SpecificData.get().createEnum(otherSymbol(schema, value), schema);
            case UNION -> null;
            default -> throw new IllegalArgumentException("teach this test to edit a " + schema);
        };
    }

    private static String otherSymbol(Schema schema, Object value) {
        String present = GenericData.get().toString(value).replace("\"", "");
        return schema.getEnumSymbols().stream()
                .filter(symbol -> !symbol.equals(present))
                .findFirst()
                .orElseThrow();
    }

    private static Finding firstOf(List<Decision> decisions) {
        return check(decisions).finding().orElseThrow();
    }

    /** The chain that has something wrong, or the only one. */
    private static Chain check(List<Decision> decisions) {
        LedgerCheck check = new LedgerCheck();
        for (int i = 0; i < decisions.size(); i++) {
            check.add(RUN, decisions.get(i), place(i));
        }
        return check.chains().stream()
                .filter(chain -> !chain.run().equals(RUN))
                .findFirst()
                .orElseGet(() -> check.chains().get(0));
    }

    private static Place place(int index) {
        return new Place(0, 100 + index);
    }
}
