package io.instabilityguard.sidecar.spectrum.cuda;

import io.instabilityguard.sidecar.spectrum.DeviceException;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.nvrtc;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/** Return codes become {@link DeviceException}s, addresses become pointers. */
final class Cuda {
    /** Number of the device that is used: the first. */
    static final int ORDINAL = 0;

    private Cuda() {}

    /** Makes the device's context the calling thread's: threads come and go with sessions. */
    static void select() {
        check("cudaSetDevice", cudart.cudaSetDevice(ORDINAL));
    }

    /** op(A) = Aᵀ or A. */
    static int operation(boolean transposed) {
        return transposed ? cublas.CUBLAS_OP_T : cublas.CUBLAS_OP_N;
    }

    /** Checks the code of a runtime call. */
    static void check(String call, int code) {
        if (code != 0) {
            throw failed(call, cudart.cudaGetErrorString(code));
        }
    }

    /** Checks the code of a driver call. */
    static void checkDriver(String call, int code) {
        if (code != 0) {
            try (PointerPointer<BytePointer> name = new PointerPointer<>(1)) {
                boolean known = cudart.cuGetErrorName(code, name) == 0;
                throw known
                        ? failed(call, name.get(BytePointer.class, 0))
                        : new DeviceException(call + ": code " + code);
            }
        }
    }

    /** Checks the code of a cuBLAS call. */
    static void checkBlas(String call, int code) {
        if (code != 0) {
            throw failed(call, cublas.cublasGetStatusString(code));
        }
    }

    /** Checks the code of a call of the run-time compiler. */
    static void checkCompiler(String call, int code) {
        if (code != 0) {
            throw failed(call, nvrtc.nvrtcGetErrorString(code));
        }
    }

    private static DeviceException failed(String call, BytePointer reason) {
        return new DeviceException(call + ": " + reason.getString());
    }

    /** A pointer to this address of the device's; Java must not follow it. */
    static Address at(long address) {
        return new Address(address);
    }

    /** An array of addresses at this address of the device's; Java must not follow it. */
    static Pointers pointersAt(long address) {
        return new Pointers(address);
    }

    /** Owns nothing. */
    static final class Pointers extends PointerPointer<FloatPointer> {
        private Pointers(long address) {
            super((Pointer) null);
            this.address = address;
        }
    }

    /** Owns nothing. */
    static final class Address extends FloatPointer {
        private Address(long address) {
            super((Pointer) null);
            this.address = address;
        }
    }
}
