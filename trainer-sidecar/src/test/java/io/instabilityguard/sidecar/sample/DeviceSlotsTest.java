package io.instabilityguard.sidecar.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.instabilityguard.sidecar.frame.DeviceStaging;
import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.Messages;
import io.instabilityguard.sidecar.frame.StagedFiles;
import io.instabilityguard.sidecar.frame.StagingFile;
import io.instabilityguard.sidecar.spectrum.DeviceBackend;
import io.instabilityguard.sidecar.spectrum.EjmlBackend;
import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import io.instabilityguard.sidecar.spectrum.HostDevice;
import io.instabilityguard.sidecar.spectrum.SpectrumProbe;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights in device memory and a file beside them, over a device in plain Java. */
class DeviceSlotsTest {
    private static final String HANDLE = Base64.getEncoder().encodeToString(new byte[64]);

    @TempDir
    Path folder;

    private final HostDevice device = new HostDevice();
    private final DeviceBackend backend = new DeviceBackend(device, new EjmlBackend());
    private Hello hello;
    private StagingFile file;
    private ByteBuffer theirs;

    @BeforeEach
    void stage() throws Exception {
        hello = offering(4096);
        file = StagingFile.open(folder, hello);
        theirs = device.export(new byte[64], 4096).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 4; i++) {
            theirs.putFloat(offset(0) + 4 * i, i + 1);
            theirs.putShort(offset(1) + 2 * i, (short) (Float.floatToIntBits(i + 1) >>> 16));
            theirs.putDouble(offset(2) + 8 * i, i + 1);
        }
    }

    private Hello offering(long bytes) throws Exception {
        return StagedFiles.write(
                folder.resolve("staging-1-0000000a"),
                Messages.hello("run-1", 5)
                        .matrix("single", Hello.Role.QUERY, 2, 2, "float32")
                        .matrix("brain", Hello.Role.KEY, 2, 2, "bfloat16")
                        .matrix("double", Hello.Role.VALUE, 2, 2, "float64")
                        .device(new DeviceStaging(HANDLE, HANDLE, bytes)));
    }

    private int offset(int slot) {
        return (int) hello.slots().get(slot).offset();
    }

    private StagedMatrices staged() {
        return new StagedMatrices(file, hello, DeviceSlots.of(hello, backend).slots());
    }

    private static FloatMatrix measured(StagedMatrices staged, int slot) throws Exception {
        Optional<List<FloatMatrix>> there = staged.onDevice(List.of(slot));
        return there.isPresent() ? there.get().get(0) : staged.read(slot);
    }

    @Test
    void shouldMeasureWhatLiesOnTheDevice() throws Exception {
        StagedMatrices staged = staged();
        for (int slot = 0; slot < 3; slot++) {
            FloatMatrix matrix = measured(staged, slot);
            assertThat(backend.read(matrix)).containsExactly(1, 2, 3, 4);
            assertThat(new SpectrumProbe(backend, 1).measure(0, matrix).frobeniusNorm())
                    .isEqualTo(Math.sqrt(30));
        }
        theirs.putFloat(offset(0), 7);
        assertThat(backend.read(measured(staged, 0))).startsWith(7);
    }

    @Test
    void shouldRepairOnTheDeviceAndLeaveTheFile() throws Exception {
        StagedMatrices staged = staged();
        FloatMatrix matrix = staged.read(0);
        assertThat(matrix.get(1, 1)).isEqualTo(4);
        matrix.values().put(3, 9);
        long crc32 = staged.write(0, matrix).orElseThrow();
        assertThat(theirs.getFloat(offset(0) + 12)).isEqualTo(9);
        assertThat(crc32).isEqualTo(StagingFile.crc32(theirs.slice(offset(0), 16)));
        byte[] kept = staged.readBytes(1);
        theirs.putShort(offset(1), (short) 0);
        staged.writeBytes(1, kept);
        assertThat(backend.read(measured(staged, 1))).containsExactly(1, 2, 3, 4);
        assertThat(new StagedMatrices(file, hello).read(0).get(1, 1)).isZero();
    }

    @Test
    void shouldDeclineWithAReason() throws Exception {
        assertThat(DeviceSlots.of(hello, new EjmlBackend()).reason())
                .isEqualTo("its numerics run on EJML (pure Java): set numerics.backend to cuda");
        assertThat(DeviceSlots.of(offering(64), backend).reason()).startsWith("staging.device.bytes is 64, but");
        HostDevice other = new HostDevice();
        assertThat(DeviceSlots.of(hello, new DeviceBackend(other, new EjmlBackend()))
                        .reason())
                .isEqualTo("cudaIpcOpenMemHandle: invalid resource handle");
        assertThat(other.held()).isZero();
    }

    @Test
    void shouldLetGoOfTheTrainersMemory() throws Exception {
        DeviceSlots slots = DeviceSlots.of(hello, backend).slots().orElseThrow();
        StagedMatrices staged = new StagedMatrices(file, hello, Optional.of(slots));
        FloatMatrix view = measured(staged, 0);
        slots.close();
        assertThat(device.held()).isZero();
        assertThatThrownBy(() -> backend.read(view)).hasMessage("the trainer's device memory is closed");
        assertThatThrownBy(() -> staged.read(0)).hasMessage("the trainer's device memory is closed");
    }
}
