package io.instabilityguard.evaluation.preflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.instabilityguard.evaluation.Records;
import io.instabilityguard.evaluation.history.CompositeGain;
import io.instabilityguard.evaluation.preflight.PreflightReport.Risk;
import io.instabilityguard.schemas.KoopmanProfile;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.ResidualMixing;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class PreflightReportTest {
    /** A random 32 × 32 matrix has about 32 · 32 / (2 √32)² = 8. */
    private static final float RANDOM = 8;

    @Test
    void shouldFollowThePapersThresholdsOfNearUnitMass() {
        assertThat(report(0.2, "").risk()).isEqualTo(Risk.LOW);
        assertThat(report(0.4, "").risk()).isEqualTo(Risk.MEDIUM);
        assertThat(report(0.9, "").risk()).isEqualTo(Risk.HIGH);
        assertThat(report(0.9, "").reasons().get(0)).startsWith("mean near-unit mass 0.90 over 1 blocks");
    }

    @Test
    void shouldNotTrustAProfileThatAbstains() {
        PreflightReport report = report(0.9, "too few tokens");
        assertThat(report.risk()).isEqualTo(Risk.MEDIUM);
        assertThat(report.meanNearUnitMass()).isNull();
        assertThat(report.reasons()).containsExactly("the Koopman profiles say nothing: too few tokens");
    }

    @Test
    void shouldNotCallZeroBranchesRisky() {
        StepTelemetry telemetry = changed(telemetry(1.0, ""), layer -> layer.setFrobeniusNorm(0));
        PreflightReport report = PreflightReport.of(telemetry);
        assertThat(report.risk()).isEqualTo(Risk.MEDIUM);
        assertThat(report.reasons()).anyMatch(reason -> reason.contains("the score says nothing here"));
        assertThat(report.reasons()).contains("1 of 1 matrices start at zero");
    }

    @Test
    void shouldCompareStableRanksWithRandomMatrices() {
        StepTelemetry telemetry = changed(telemetry(0.2, ""), layer -> layer.setStableRank(2));
        PreflightReport report = PreflightReport.of(telemetry);
        assertThat(report.matrices().get(0).expected()).isCloseTo(8, within(1e-9));
        assertThat(report.risk()).isEqualTo(Risk.MEDIUM);
        assertThat(report.reasons().get(0)).contains("block.0.query.weight with 2.0 instead of 8.0");
    }

    /** Two layers that double both streams: gain 4. */
    @Test
    void shouldMultiplyTheMixingOfAllLayers() {
        PreflightReport report = mixed(mixing(1, 2, 0), mixing(0, 2, 0));
        assertThat(report.composite()).isEqualTo(new CompositeGain(2, 2, 4, 4, Math.log(4)));
        assertThat(report.risk()).isEqualTo(Risk.HIGH);
    }

    @Test
    void shouldSeeAttenuationAsItSeesAmplification() {
        assertThat(mixed(mixing(0, 0.5f, 0), mixing(1, 0.5f, 0)).risk()).isEqualTo(Risk.HIGH);
        assertThat(mixed(mixing(0, 0.7f, 0.3f), mixing(1, 0.4f, 0.6f)).risk()).isEqualTo(Risk.LOW);
    }

    @Test
    void shouldSayWhatItCannotSee() {
        assertThat(report(0.2, "").blindSpots()).anyMatch(line -> line.startsWith("the learning rate"));
        assertThat(PreflightText.of(report(0.2, ""))).startsWith("risk: low").contains("what this cannot see");
    }

    private static PreflightReport report(double mass, String abstained) {
        return PreflightReport.of(telemetry(mass, abstained));
    }

    private static StepTelemetry telemetry(double mass, String abstained) {
        return StepTelemetry.newBuilder(Records.step("preflight", 0, RANDOM))
                .setKoopman(List.of(profile(mass, abstained)))
                .build();
    }

    private static StepTelemetry changed(StepTelemetry telemetry, Consumer<LayerSpectrum.Builder> change) {
        LayerSpectrum.Builder layer =
                LayerSpectrum.newBuilder(telemetry.getLayers().get(0));
        change.accept(layer);
        return StepTelemetry.newBuilder(telemetry)
                .setLayers(List.of(layer.build()))
                .build();
    }

    private static PreflightReport mixed(ResidualMixing... layers) {
        return PreflightReport.of(StepTelemetry.newBuilder(telemetry(0.2, ""))
                .setMixing(List.of(layers))
                .build());
    }

    private static KoopmanProfile profile(double mass, String abstained) {
        return KoopmanProfile.newBuilder()
                .setBlock("block.0")
                .setDepth(0)
                .setTokens(128)
                .setWidth(32)
                .setRank(32)
                .setNearUnitMass(mass)
                .setOverUnitMass(0)
                .setContractingMass(1 - mass)
                .setSpectralRadius(1)
                .setEigenvectorCondition(2)
                .setNonlinearityRatio(0.1)
                .setMedianResidual(0.01)
                .setKeptShare(1)
                .setAbstained(abstained)
                .build();
    }

    private static ResidualMixing mixing(int order, float diagonal, float other) {
        List<Float> matrix = List.of(diagonal, other, other, diagonal);
        return ResidualMixing.newBuilder()
                .setLayer("mixer." + order)
                .setOrder(order)
                .setTotal(2)
                .setSize(2)
                .setProjected(false)
                .setDynamic(false)
                .setParameter("")
                .setMixed(matrix)
                .setUnprojected(matrix)
                .build();
    }
}
