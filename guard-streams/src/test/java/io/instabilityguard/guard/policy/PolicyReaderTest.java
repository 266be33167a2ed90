package io.instabilityguard.guard.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.instabilityguard.guard.policy.SignalPolicy.MedianRatio;
import io.instabilityguard.schemas.Mode;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

final class PolicyReaderTest {

    @Test
    void shouldObserveByDefault() {
        assertThat(PolicyReader.defaults().mode()).isEqualTo(Mode.OBSERVE);
        assertThat(PolicyReader.defaults().interventions())
                .containsOnlyKeys(
                        "clip-attention-logits",
                        "cut-learning-rate",
                        "orthogonalise-attention",
                        "quarter-learning-rate",
                        "rewind",
                        "sample-more-often",
                        "switch-hyper-connections");
    }

    @Test
    void shouldLayAFileOverTheDefaultKeyByKey() {
        Policy policy = PolicyReader.parse("""
                mode: enforce
                signals: {gradient-ratio: {window-steps: 10}}
                interventions: {orthogonalise-attention: {enabled: false}}
                """, null);
        assertThat(policy.mode()).isEqualTo(Mode.ENFORCE);
        assertThat(policy.signals().get("gradient-ratio"))
                .isEqualTo(new MedianRatio(Quantity.of(Metric.GRADIENT_NORM), 10));
        assertThat(policy.interventions())
                .containsOnlyKeys(
                        "clip-attention-logits",
                        "cut-learning-rate",
                        "quarter-learning-rate",
                        "rewind",
                        "sample-more-often",
                        "switch-hyper-connections");
        assertThat(policy.detectors()).isEqualTo(PolicyReader.defaults().detectors());
    }

    @Test
    void shouldTakeAwayWhatIsNull() {
        Policy policy = PolicyReader.parse("""
                detectors: {loss-spike: null}
                interventions: {cut-learning-rate: {when: [gradient-spike]}}
                """, null);
        assertThat(policy.detectors()).doesNotContainKey("loss-spike").containsKey("gradient-spike");
        assertThat(PolicyReader.restore(policy.text())).isEqualTo(policy);
    }

    @Test
    void shouldTakeADetectorOfOnesOwn() {
        Policy policy = PolicyReader.parse("""
                detectors:
                  mine: {after-observed-steps: 5, above: {loss-deviation: 9}, within-steps: 3, clear-after-steps: 2}
                interventions: {cut-learning-rate: {when: [mine]}}
                """, null);
        assertThat(policy.detectors().get("mine").withinSteps()).isEqualTo(3);
        assertThat(policy.interventions().get("cut-learning-rate").detectors()).containsExactly("mine");
    }

    @Test
    void shouldLetTheCallerReplaceTheMode() {
        assertThat(PolicyReader.parse("mode: approve", Mode.ENFORCE).mode()).isEqualTo(Mode.ENFORCE);
    }

    @Test
    void shouldHashTheMeaningAndNotTheText() {
        String hash =
                PolicyReader.parse("mode: enforce\nlimits: {runs: 5}", null).hash();
        assertThat(PolicyReader.parse("# said otherwise\nlimits:\n  runs: 5\nmode: \"enforce\"", null)
                        .hash())
                .isEqualTo(hash);
        assertThat(PolicyReader.parse("mode: enforce\nlimits: {runs: 6}", null).hash())
                .isNotEqualTo(hash)
                .hasSize(64);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "mod: enforce | mod: unknown key; did you mean mode?",
                "limits: {run: 5} | limits.run: unknown key; did you mean runs?",
                "mode: kill | mode: must be one of observe, approve, enforce, not \"kill\"",
                "limits: {runs: 0} | limits.runs: must be a whole number from 1 to 1000000, not 0",
                "limits: {runs: many} | limits.runs: must be a whole number from 1 to 1000000, not \"many\"",
                "limits: 5 | limits: must be a mapping of keys to values, not 5",
                "signals: {gradient-ratio: {metric: los}} | signals.gradient-ratio.metric: must be one of loss, gradient-norm, max-attention-logit",
                "signals: {gradient-ratio: {windowsteps: 5}} | signals.gradient-ratio.windowsteps: unknown key; did you mean window-steps?",
                "signals: {x: {metric: loss}} | signals.x.shape: missing",
                "detectors: {loss-spike: {above: {loss-deviaton: 4}}} | detectors.loss-spike.above.loss-deviaton: unknown name; did you mean loss-deviation?",
                "detectors: {loss-spike: {latched: [loss-deviation]}} | detectors.loss-spike.latched: must be a list of signals of shape outgrowth",
                "detectors: {loss-spike: {above: {loss-deviation: -1}}} | detectors.loss-spike.above.loss-deviation: must be a number",
                "interventions: {cut-learning-rate: {when: [loss-spik]}} | interventions.cut-learning-rate.when.loss-spik: unknown name; did you mean loss-spike?",
                "interventions: {cut-learning-rate: {parameters: {factor: 1}}} | interventions.cut-learning-rate.parameters.factor: must be a number",
                "interventions: {cut-learning-rate: {roles: [query]}} | interventions.cut-learning-rate.roles: unknown key",
                "interventions: {orthogonalise-attention: {roles: [querry]}} | interventions.orthogonalise-attention.roles: must be one of query, key",
                "interventions: {orthogonalise-attention: {escalation: {to: nobody}}} | interventions.orthogonalise-attention.escalation.to.nobody: unknown name",
                "interventions: {cut-learning-rate: {yields-to: [nobody]}} | interventions.cut-learning-rate.yields-to.nobody: unknown name",
                "interventions: {cut-learning-rate: {kind: panic}} | interventions.cut-learning-rate.kind: must be one of apply-msign, reproject-hc",
                "interventions: {rewind: {verdict: {roll-back: true}}} | interventions.rewind.verdict.roll-back: must be false for a kind that cannot be undone",
                "interventions: {rewind: {parameters: {backSteps: 0}}} | interventions.rewind.parameters.backSteps: must be a whole number from 1",
                "interventions: {rewind: {parameters: {steps: 1}}} | interventions.rewind.parameters.steps: unknown key",
                "interventions: {x: {kind: sample-every, enabled: true, expected-effect: y}} | interventions.x.parameters.every: missing",
                "interventions: {orthogonalise-attention: {depths: {from: 3, to: 2}}} | interventions.orthogonalise-attention.depths.to: must be a whole number from 3",
                "interventions: {cut-learning-rate: {verdict: {expects: {metric: loss, direction: sinks}}}} | interventions.cut-learning-rate.verdict.expects.direction: must be one of falls, rises, holds",
                "ladders: {loss-spike: {rungs: [cut]}} | ladders.loss-spike.rungs.cut: unknown name; did you mean rewind?",
                "ladders: {loss: {rungs: [rewind]}} | ladders.loss: unknown name; did you mean loss-spike?",
                "signals: {x: {shape: combination, weights: {y: 1}}} | signals.x.weights.y: unknown name",
                "signals: {x: {shape: combination, weights: {x: 1}}} | signals.x.weights.x: must not be a combination itself",
                "signals: {x: {shape: combination}} | signals.x.weights: must be a mapping of at least one signal",
                "signals: {x: {shape: level, layer-statistic: '1 2'}} | signals.x.layer-statistic: must be the name of a statistic",
                "signals: {x: {shape: level, metric: loss, of: sum}} | signals.x.of: must be one of max, min, mean, geometric-mean",
                "budget: {step-equivalents-per-1000-steps: -1} | budget.step-equivalents-per-1000-steps: must be a number from 0",
                "[1, 2] | the policy must be a mapping",
                "mode: [ | not YAML, line 1",
            })
    void shouldSayWhichKeyIsWrong(String yaml, String message) {
        assertThatExceptionOfType(PolicyException.class)
                .isThrownBy(() -> PolicyReader.parse(yaml, null))
                .withMessageContaining(message)
                .satisfies(failure -> assertThat(failure.getMessage()).doesNotContain("\n"));
    }

    /** What fuzzing found: quotes that broke the line or never ended, and an error of the parser that knows no place. */
    @ParameterizedTest
    @MethodSource("quoted")
    void shouldKeepToOneLineOfBoundedLengthWhateverItQuotes(String yaml) {
        assertThatExceptionOfType(PolicyException.class)
                .isThrownBy(() -> PolicyReader.parse(yaml, null))
                .satisfies(failure -> assertThat(failure.getMessage())
                        .hasSizeLessThan(1_002)
                        .doesNotContainPattern("[\\n\\r\\u0085\\u2028\\u2029\\u0000]"));
    }

    static Stream<String> quoted() {
        return Stream.of(
                "mode: \"a\\Lb\"",
                "mode: \"a\\Pb\\N\"",
                "\"key\\nof\\nlines\": 1",
                "mode: " + "x".repeat(3_000),
                "k".repeat(500) + ": 1",
                "limits: {runs: \"a\\nb\"}",
                "!!float x".repeat(300));
    }

    @Test
    void shouldSayThatAFileIsMissing() {
        assertThatExceptionOfType(PolicyException.class)
                .isThrownBy(() -> PolicyReader.read(Path.of("no-such-policy.yaml"), null))
                .withMessageContaining("no-such-policy.yaml");
    }
}
