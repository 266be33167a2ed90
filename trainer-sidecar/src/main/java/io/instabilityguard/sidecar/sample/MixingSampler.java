package io.instabilityguard.sidecar.sample;

import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookMessage.MixerSampled;
import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Reads the hyper-connection matrices of one sample. Not thread-safe. */
final class MixingSampler {
    private final Hello hello;
    private final StagedMatrices staged;

    MixingSampler(Hello hello, StagedMatrices staged) {
        this.hello = hello;
        this.staged = staged;
    }

    /** The matrices of the mixers that were sampled; one with a NaN or an infinity is left out and named in {@code omissions}. */
    List<StepSample.Mixing> read(List<MixerSampled> sampled, List<String> omissions) throws IOException {
        List<StepSample.Mixing> mixing = new ArrayList<>();
        for (MixerSampled said : sampled) {
            Hello.Mixer mixer = hello.mixers().get(said.index());
            int slot = hello.mixedSlot(said.index());
            List<Float> mixed = read(slot, mixer.size());
            List<Float> unprojected = read(slot + 1, mixer.size());
            if (isFinite(mixed) && isFinite(unprojected)) {
                mixing.add(new StepSample.Mixing(mixer, said.projected(), mixed, unprojected));
            } else {
                omissions.add("mixer " + mixer.layer() + " holds a NaN or an infinity and is not used");
            }
        }
        return mixing;
    }

    private List<Float> read(int slot, int size) throws IOException {
        FloatMatrix matrix = FloatMatrix.zeros(size, size);
        staged.read(slot, matrix);
        return IntStream.range(0, matrix.size())
                .mapToObj(i -> matrix.values().get(i))
                .toList();
    }

    private static boolean isFinite(List<Float> values) {
        return values.stream().allMatch(Float::isFinite);
    }
}
