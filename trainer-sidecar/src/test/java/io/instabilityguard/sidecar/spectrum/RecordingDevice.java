package io.instabilityguard.sidecar.spectrum;

import java.nio.Buffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Writes down what a {@link HostDevice} is asked for: addresses as #1, #2 … in the order of their allocation, ' for transposed. */
final class RecordingDevice extends HostDevice {
    private final List<String> calls = new ArrayList<>();
    private final Map<Long, String> names = new HashMap<>();
    private long limit = Long.MAX_VALUE;

    List<String> calls() {
        return List.copyOf(calls);
    }

    void forget() {
        calls.clear();
    }

    /** From now on no more than this many blocks. */
    void limit(int blocks) {
        limit = blocks;
    }

    private String name(long address) {
        return names.getOrDefault(address, "?" + address);
    }

    private String name(Operand operand) {
        return name(operand.address()) + "/" + operand.leading() + (operand.transposed() ? "'" : "");
    }

    @Override
    public long allocate(long bytes) {
        calls.add("allocate " + bytes);
        if (held() >= limit) {
            throw new DeviceException("cudaMalloc: out of memory");
        }
        long address = super.allocate(bytes);
        names.put(address, "#" + (names.size() + 1));
        return address;
    }

    @Override
    public void free(long address) {
        calls.add("free " + name(address));
        super.free(address);
    }

    @Override
    public void zero(long address, long bytes) {
        calls.add("zero " + name(address) + " " + bytes);
        super.zero(address, bytes);
    }

    @Override
    public void copyIn(Buffer from, long to, long bytes) {
        calls.add("copyIn " + name(to) + " " + bytes);
        super.copyIn(from, to, bytes);
    }

    @Override
    public void copyOut(long from, Buffer to, long bytes) {
        calls.add("copyOut " + name(from) + " " + bytes);
        super.copyOut(from, to, bytes);
    }

    @Override
    public void gemm(Product product, Operand a, Operand b, Operand c) {
        calls.add("gemm m=" + product.m() + " n=" + product.n() + " k=" + product.k() + " alpha=" + product.alpha()
                + " beta=" + product.beta() + " a=" + name(a) + " b=" + name(b) + " c=" + name(c));
        super.gemm(product, a, b, c);
    }

    @Override
    public void gemv(Operand a, int rows, int columns, long x, long y) {
        int before = calls.size();
        super.gemv(a, rows, columns, x, y);
        calls.subList(before, calls.size()).clear();
        calls.add("gemv " + rows + "x" + columns + " a=" + name(a) + " x=" + name(x) + " y=" + name(y));
    }

    @Override
    public void add(double alpha, long x, long y, int n) {
        calls.add("add x=" + name(x) + " y=" + name(y) + " n=" + n);
        super.add(alpha, x, y, n);
    }

    @Override
    public double dot(long x, long y, int n) {
        calls.add("dot x=" + name(x) + " y=" + name(y) + " n=" + n);
        return super.dot(x, y, n);
    }

    @Override
    public void scale(double alpha, long x, long y, int n) {
        calls.add("scale x=" + name(x) + " y=" + name(y) + " n=" + n);
        super.scale(alpha, x, y, n);
    }

    @Override
    public double largestMagnitude(long x, int n) {
        calls.add("largestMagnitude x=" + name(x) + " n=" + n);
        return super.largestMagnitude(x, n);
    }

    @Override
    public void widen(long from, long to, int n) {
        calls.add("widen to=" + name(to) + " n=" + n);
        super.widen(from, to, n);
    }

    /** A batch is one call, which says how many it carries and the addresses of the first and the last. */
    @Override
    public BatchedDevice batched() {
        return new Batches(super.batched());
    }

    private final class Batches implements BatchedDevice {
        private final BatchedDevice device;

        private Batches(BatchedDevice device) {
            this.device = device;
        }

        private <T> T recorded(String call, Supplier<T> work) {
            int before = calls.size();
            T result = work.get();
            calls.subList(before, calls.size()).clear();
            calls.add(call);
            return result;
        }

        private void recorded(String call, Runnable work) {
            recorded(call, () -> {
                work.run();
                return calls;
            });
        }

        private String names(long[] addresses) {
            return name(addresses[0]) + ".." + name(addresses[addresses.length - 1]);
        }

        private String names(String primitive, long[] x, long[] y) {
            return primitive + " each of " + x.length + " x=" + names(x) + " y=" + names(y);
        }

        @Override
        public void gemv(Shape shape, long[] a, long[] x, long[] y) {
            String call = names("gemv", x, y) + " a=" + names(a) + (shape.transposed() ? "' " : " ");
            recorded(call + shape.rows() + "x" + shape.columns(), () -> device.gemv(shape, a, x, y));
        }

        @Override
        public void scale(double[] alpha, long[] x, long[] y, int n) {
            recorded(names("scale", x, y) + " n=" + n, () -> device.scale(alpha, x, y, n));
        }

        @Override
        public void add(double[] alpha, long[] x, long[] y, int n) {
            recorded(names("add", x, y) + " n=" + n, () -> device.add(alpha, x, y, n));
        }

        @Override
        public double[] dot(long[] x, long[] y, int n) {
            return recorded(names("dot", x, y) + " n=" + n, () -> device.dot(x, y, n));
        }

        @Override
        public void widen(long[] from, long[] to, int n) {
            recorded("widen each of " + to.length + " to=" + names(to) + " n=" + n, () -> device.widen(from, to, n));
        }
    }
}
