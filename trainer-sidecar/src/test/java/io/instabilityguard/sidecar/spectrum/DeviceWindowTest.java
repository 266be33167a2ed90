package io.instabilityguard.sidecar.spectrum;

import static io.instabilityguard.sidecar.spectrum.TestMatrices.elements;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.gaussian;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class DeviceWindowTest {
    private static final int BYTES = 256;

    private final byte[] handle = new byte[64];
    private final HostDevice device = new HostDevice();
    private final DeviceBackend backend = new DeviceBackend(device, new EjmlBackend());
    private final ByteBuffer theirs = device.export(handle, BYTES);
    private final DeviceWindow window = backend.open(handle, handle, BYTES);

    @Test
    void shouldMeasureFloat32WhereItLies() {
        FloatMatrix a = gaussian(3, 5, 1);
        FloatMatrix there = window.float32(64, 3, 5);
        theirs.slice(64, 60).order(ByteOrder.nativeOrder()).asFloatBuffer().put(elements(a));
        assertThat(backend.read(there)).containsExactly(elements(a));
        assertThat(new SpectrumProbe(backend, 1).measure(0, there))
                .isEqualTo(new SpectrumProbe(backend, 1).measure(0, a));
    }

    @Test
    void shouldWidenBfloat16Exactly() {
        float[] values = {1.5f, -0.0f, Float.POSITIVE_INFINITY, 1e-40f, 3.0f, Float.NaN};
        ByteBuffer slot = theirs.slice(128, 12).order(ByteOrder.nativeOrder());
        for (int i = 0; i < values.length; i++) {
            Dtype.BFLOAT16.put(values[i], slot, 2 * i);
        }
        FloatMatrix target = backend.allocate(2, 3);
        window.widen(new long[] {128}, new FloatMatrix[] {target});
        float[] expected = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            expected[i] = (float) Dtype.BFLOAT16.get(slot, 2 * i);
        }
        assertThat(backend.read(target)).containsExactly(expected);
    }

    @Test
    void shouldWidenSeveralAtOnce() {
        for (int i = 0; i < 12; i++) {
            theirs.putShort(32 + 2 * i, (short) (Float.floatToIntBits(i) >>> 16));
        }
        FloatMatrix[] targets = {backend.allocate(2, 2), backend.allocate(2, 2), backend.allocate(2, 2)};
        window.widen(new long[] {48, 32, 40}, targets);
        assertThat(backend.read(targets[0])).containsExactly(8, 9, 10, 11);
        assertThat(backend.read(targets[1])).containsExactly(0, 1, 2, 3);
        assertThat(backend.read(targets[2])).containsExactly(4, 5, 6, 7);
        assertThatThrownBy(() -> window.widen(new long[] {0, BYTES}, new FloatMatrix[] {targets[0], targets[1]}))
                .hasMessageContaining("leave");
    }

    @Test
    void shouldReadAndWriteBytes() {
        ByteBuffer content = ByteBuffer.allocateDirect(8).putLong(0, 42);
        window.write(8, content);
        ByteBuffer copy = ByteBuffer.allocateDirect(8);
        window.read(8, copy);
        assertThat(copy).isEqualTo(content);
    }

    @Test
    void shouldRefuseToLeaveTheTrainersMemory() {
        assertThatThrownBy(() -> window.float32(BYTES - 4, 1, 2))
                .hasMessage("8 bytes at 252 leave the trainer's 256 bytes on the device");
        assertThatThrownBy(() -> window.read(-1, ByteBuffer.allocateDirect(1))).hasMessageContaining("leave");
    }

    @Test
    void shouldCloseWhatItOpenedOnce() {
        assertThat(device.held()).isEqualTo(2);
        window.close();
        window.close();
        assertThat(device.held()).isZero();
        assertThatThrownBy(window::await).hasMessage("the trainer's device memory is closed");
    }

    @Test
    void shouldHoldNothingAfterAFailedOpening() {
        int held = device.held();
        assertThatThrownBy(() -> backend.open(new byte[] {1}, handle, BYTES)).isInstanceOf(DeviceException.class);
        assertThat(device.held()).isEqualTo(held);
    }
}
