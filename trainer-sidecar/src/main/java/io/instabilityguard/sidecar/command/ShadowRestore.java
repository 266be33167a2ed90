package io.instabilityguard.sidecar.command;

import io.instabilityguard.sidecar.spectrum.Dtype;
import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import io.instabilityguard.sidecar.spectrum.MatrixSpectrum;
import io.instabilityguard.sidecar.spectrum.SpectrumProbe;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * {@code ROLL_BACK}: the bytes that the slot held before the undone command, every bit as it was.
 *
 * @param shadow bytes per slot, of every slot that is asked for
 * @param dtype of each slot
 */
record ShadowRestore(SpectrumProbe probe, Map<Integer, byte[]> shadow, IntFunction<Dtype> dtype) implements Rewriting {
    @Override
    public Rewrite rewrite(int slot, FloatMatrix matrix) {
        byte[] bytes = shadow.get(slot);
        MatrixSpectrum before = probe.measure(slot, matrix);
        if (bytes == null) {
            return Rewrite.refused(before, "the command did not replace this matrix");
        }
        ByteBuffer source = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        dtype.apply(slot).read(source, matrix.values(), matrix.size());
        probe.forget(slot);
        MatrixSpectrum after = probe.measure(slot, matrix);
        return new Rewrite(before, after, "", Double.NaN, Map.of("restoredBytes", (double) bytes.length), bytes);
    }
}
