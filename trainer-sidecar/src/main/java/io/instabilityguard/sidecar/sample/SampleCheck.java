package io.instabilityguard.sidecar.sample;

import io.instabilityguard.sidecar.errors.OneLine;
import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookMessage.MixerSampled;
import io.instabilityguard.sidecar.frame.HookMessage.Statistic;
import io.instabilityguard.sidecar.frame.HookMessage.Step;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Holds what STEP says of a sample against HELLO. What does not fit is refused entry by entry with a line that says which field, what is
 * wrong and what to send instead; the rest is taken. Pure: equal messages give equal answers.
 */
public final class SampleCheck {
    private static final Pattern METRIC = Pattern.compile("[a-z][A-Za-z0-9]{0,63}");
    private static final int MOST_VALUES = 4096;
    private static final int DEEPEST = 1 << 20;
    private static final Set<String> PER_HEAD = Set.of("attentionLogit", "attentionEntropy");

    private final Hello hello;
    private final Set<String> layers = new HashSet<>(Set.of(""));

    /** Checks against this HELLO. */
    public SampleCheck(Hello hello) {
        this.hello = hello;
        hello.matrices().forEach(matrix -> addWithModules(matrix.name()));
        hello.snapshots().forEach(snapshot -> layers.add(snapshot.block()));
        hello.mixers().forEach(mixer -> layers.add(mixer.layer()));
        layers.addAll(hello.heads().keySet());
    }

    /** A matrix is known, and so is every module that holds it. */
    private void addWithModules(String name) {
        layers.add(name);
        for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
            layers.add(name.substring(0, dot));
        }
    }

    /** What may be used of this step. */
    public SampleContents check(Step step) {
        List<String> refusals = new ArrayList<>();
        List<String> omissions = step.omissions().stream().map(OneLine::of).toList();
        if (!step.sample()) {
            refuseWithoutSample(step, refusals);
            return new SampleContents(missing(), List.of(), List.of(), omissions, refusals);
        }
        return new SampleContents(
                tokens(step.snapshotTokens(), refusals),
                mixers(step.mixersSampled(), refusals),
                statistics(step.statistics(), refusals),
                omissions,
                refusals);
    }

    private static void refuseWithoutSample(Step step, List<String> refusals) {
        if (!step.snapshotTokens().isEmpty()
                || !step.mixersSampled().isEmpty()
                || !step.statistics().isEmpty()) {
            refusals.add("snapshotTokens, mixersSampled or statistics of step " + step.step()
                    + " came without a sample and are not used: send them with sample=true only");
        }
    }

    private List<Integer> missing() {
        return Collections.nCopies(hello.snapshots().size(), 0);
    }

    private List<Integer> tokens(List<Integer> said, List<String> refusals) {
        int expected = hello.snapshots().size();
        if (said.size() != expected) {
            if (!said.isEmpty()) {
                refusals.add("snapshotTokens has " + said.size() + " entries and is not used: send one for each of the "
                        + expected + " snapshots of HELLO");
            }
            return missing();
        }
        List<Integer> tokens = new ArrayList<>();
        for (int i = 0; i < expected; i++) {
            tokens.add(tokens(hello.snapshots().get(i), said.get(i), refusals));
        }
        return tokens;
    }

    private static int tokens(Hello.Snapshot snapshot, int said, List<String> refusals) {
        if (said >= 0 && said <= snapshot.tokens()) {
            return said;
        }
        refusals.add(OneLine.of("snapshotTokens[" + snapshot.index() + "] of " + snapshot.block() + " is " + said
                + " and is not used: send 0 to " + snapshot.tokens()));
        return 0;
    }

    private List<MixerSampled> mixers(List<MixerSampled> said, List<String> refusals) {
        List<MixerSampled> taken = new ArrayList<>();
        Set<Integer> seen = new HashSet<>();
        for (MixerSampled mixer : said) {
            int count = hello.mixers().size();
            if (mixer.index() < 0 || mixer.index() >= count) {
                refusals.add("mixersSampled: index " + mixer.index() + " is not used: HELLO has " + count
                        + " mixers, counted from 0");
            } else if (!seen.add(mixer.index())) {
                refusals.add("mixersSampled: index " + mixer.index() + " came twice, the first is used: send it once");
            } else {
                taken.add(mixer);
            }
        }
        return taken;
    }

    private List<Statistic> statistics(List<Statistic> said, List<String> refusals) {
        List<Statistic> taken = new ArrayList<>();
        Set<List<String>> seen = new HashSet<>();
        for (Statistic statistic : said) {
            String wrong = wrongWith(statistic);
            if (wrong == null && !seen.add(List.of(statistic.metric(), statistic.layer()))) {
                wrong = "came twice, the first is used: send it once";
            }
            if (wrong == null) {
                taken.add(statistic);
            } else {
                refusals.add(
                        OneLine.of("statistics: " + statistic.metric() + " of \"" + statistic.layer() + "\" " + wrong));
            }
        }
        return taken;
    }

    private @Nullable String wrongWith(Statistic statistic) {
        if (!METRIC.matcher(statistic.metric()).matches() || SidecarStatistic.NAMES.contains(statistic.metric())) {
            return "is no metric of the hook's and is not used: send a camelCase name that the sidecar does not use itself";
        }
        if (!layers.contains(statistic.layer())) {
            return "is of a layer that HELLO does not know and is not used: name a tracked matrix, a block or a mixer";
        }
        if (statistic.depth() < -1 || statistic.depth() > DEEPEST) {
            return "has depth " + statistic.depth() + " and is not used: send the block's index, or -1";
        }
        return wrongWithValues(statistic);
    }

    private @Nullable String wrongWithValues(Statistic statistic) {
        int count = statistic.values().size();
        if (count < 1 || count > MOST_VALUES) {
            return "has " + count + " values and is not used: send 1 to " + MOST_VALUES;
        }
        Integer heads = hello.heads().get(statistic.layer());
        if (heads != null && PER_HEAD.contains(statistic.metric()) && count != 1 && count != heads) {
            return "has " + count + " values and is not used: send one, or one for each of " + heads + " heads";
        }
        boolean finite = statistic.values().stream().allMatch(value -> Math.abs(value) <= Float.MAX_VALUE);
        return finite ? null : "holds a value that is no finite float32 and is not used";
    }
}
