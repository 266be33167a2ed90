package io.instabilityguard.sidecar.spectrum;

import java.nio.Buffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

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
}
