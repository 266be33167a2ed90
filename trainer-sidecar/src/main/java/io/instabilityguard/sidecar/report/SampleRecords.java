package io.instabilityguard.sidecar.report;

import io.instabilityguard.schemas.KoopmanProfile;
import io.instabilityguard.schemas.LayerStatistic;
import io.instabilityguard.schemas.ResidualMixing;
import io.instabilityguard.sidecar.errors.OneLine;
import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookMessage.Statistic;
import io.instabilityguard.sidecar.sample.StepSample;
import java.util.ArrayList;
import java.util.List;

/** What was measured of blocks, mixers and layers as records of the topics. Pure. */
final class SampleRecords {
    private static final int MOST_MODES = 64;
    private static final int MOST_OMISSIONS = 64;

    private SampleRecords() {}

    static KoopmanProfile of(StepSample.Profile profile) {
        Hello.Snapshot snapshot = profile.snapshot();
        var koopman = profile.koopman();
        return KoopmanProfile.newBuilder()
                .setBlock(snapshot.block())
                .setDepth(snapshot.depth())
                .setTokens(koopman.tokens())
                .setWidth(koopman.width())
                .setRank(koopman.rank())
                .setNearUnitMass(koopman.nearUnitMass())
                .setOverUnitMass(koopman.overUnitMass())
                .setContractingMass(koopman.contractingMass())
                .setSpectralRadius(koopman.spectralRadius())
                .setEigenvectorCondition(koopman.eigenvectorCondition())
                .setNonlinearityRatio(koopman.nonlinearityRatio())
                .setMedianResidual(koopman.medianResidual())
                .setKeptShare(koopman.keptShare())
                .setEigenvalues(boxed(koopman.eigenvalues(MOST_MODES)))
                .setAbstained(OneLine.of(koopman.abstention()))
                .build();
    }

    private static List<Float> boxed(float[] values) {
        List<Float> boxed = new ArrayList<>();
        for (float value : values) {
            boxed.add(value);
        }
        return boxed;
    }

    static ResidualMixing of(StepSample.Mixing mixing) {
        Hello.Mixer mixer = mixing.mixer();
        return ResidualMixing.newBuilder()
                .setLayer(mixer.layer())
                .setOrder(mixer.order())
                .setTotal(mixer.total())
                .setSize(mixer.size())
                .setProjected(mixing.projected())
                .setDynamic(mixer.dynamic())
                .setParameter(mixer.parameter())
                .setMixed(mixing.mixed())
                .setUnprojected(mixing.unprojected())
                .build();
    }

    static LayerStatistic of(Statistic statistic) {
        return LayerStatistic.newBuilder()
                .setMetric(statistic.metric())
                .setLayer(statistic.layer())
                .setDepth(statistic.depth())
                .setValues(statistic.values().stream().map(Double::floatValue).toList())
                .build();
    }

    /** At most {@value #MOST_OMISSIONS} lines: the last one counts the rest. */
    static List<String> omissions(List<String> lines) {
        if (lines.size() <= MOST_OMISSIONS) {
            return lines;
        }
        List<String> bounded = new ArrayList<>(lines.subList(0, MOST_OMISSIONS - 1));
        bounded.add((lines.size() - bounded.size()) + " more");
        return bounded;
    }
}
