package io.instabilityguard.sidecar.spectrum;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A device in plain Java with an address space of its own. It is a sanitizer as well: every access outside of what is allocated or
 * opened now, every second free and every overlap of a product's target with its operands is an {@link AssertionError}.
 */
public class HostDevice implements Device {
    private static final long FIRST_ADDRESS = 1L << 40;
    private static final long GAP = 1L << 20;

    private final TreeMap<Long, ByteBuffer> blocks = new TreeMap<>();
    private final Map<Long, byte[]> events = new HashMap<>();
    private final Map<List<Byte>, ByteBuffer> exported = new HashMap<>();
    private final List<Long> opened = new ArrayList<>();
    private long next = FIRST_ADDRESS;
    private boolean closed;

    /** Bytes of another process, to be opened by this handle. */
    public ByteBuffer export(byte[] handle, int bytes) {
        ByteBuffer memory = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
        exported.put(boxed(handle), memory);
        return memory;
    }

    /** Allocated or opened and not given back. */
    public int held() {
        return blocks.size() + events.size();
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public String name() {
        return "host device";
    }

    @Override
    public long allocate(long bytes) {
        ByteBuffer block = ByteBuffer.allocateDirect((int) bytes).order(ByteOrder.nativeOrder());
        for (int i = 0; i + 3 < bytes; i += 4) {
            block.putFloat(i, Float.NaN);
        }
        return map(block);
    }

    private long map(ByteBuffer block) {
        check(!closed, "used after close");
        long address = next;
        next += (block.capacity() / GAP + 2) * GAP;
        blocks.put(address, block);
        return address;
    }

    @Override
    public void free(long address) {
        check(!opened.contains(address), "freed what another process owns");
        check(blocks.remove(address) != null, "freed twice, or never allocated");
    }

    @Override
    public void zero(long address, long bytes) {
        ByteBuffer at = at(address, bytes);
        while (at.hasRemaining()) {
            at.put((byte) 0);
        }
    }

    @Override
    public void copyIn(Buffer from, long to, long bytes) {
        check(from.isDirect(), "host memory must be direct");
        if (from instanceof FloatBuffer floats) {
            floats(to, bytes / Float.BYTES).put(0, floats, floats.position(), (int) bytes / Float.BYTES);
        } else {
            at(to, bytes).put(0, (ByteBuffer) from, from.position(), (int) bytes);
        }
    }

    @Override
    public void copyOut(long from, Buffer to, long bytes) {
        check(to.isDirect(), "host memory must be direct");
        if (to instanceof FloatBuffer floats) {
            floats.put(floats.position(), floats(from, bytes / Float.BYTES), 0, (int) bytes / Float.BYTES);
        } else {
            ((ByteBuffer) to).put(to.position(), at(from, bytes), 0, (int) bytes);
        }
    }

    @Override
    public void gemm(Product product, Operand a, Operand b, Operand c) {
        check(!c.transposed(), "a target is never transposed");
        check(product.m() > 0 && product.n() > 0 && product.k() > 0, "an empty product");
        Stored left = stored(a, product.m(), product.k());
        Stored right = stored(b, product.k(), product.n());
        Stored target = stored(c, product.m(), product.n());
        check(c.address() != a.address() && c.address() != b.address(), "the target overlaps an operand");
        for (int i = 0; i < product.m(); i++) {
            for (int j = 0; j < product.n(); j++) {
                double sum = 0;
                for (int l = 0; l < product.k(); l++) {
                    sum += (double) left.get(i, l) * right.get(l, j);
                }
                double old = product.beta() == 0 ? 0 : product.beta() * target.get(i, j);
                target.put(i, j, (float) (product.alpha() * sum + old));
            }
        }
    }

    @Override
    public void gemv(Operand a, int rows, int columns, long x, long y) {
        check(rows > 0 && columns > 0, "an empty product");
        int m = a.transposed() ? columns : rows;
        int n = a.transposed() ? rows : columns;
        gemm(new Product(m, 1, n, 1, 0), a, new Operand(x, n, false), new Operand(y, m, false));
    }

    /** A matrix as the device has it: column-major. */
    private record Stored(FloatBuffer values, int leading, boolean transposed) {
        float get(int i, int j) {
            return transposed ? values.get(j + i * leading) : values.get(i + j * leading);
        }

        void put(int i, int j, float value) {
            values.put(i + j * leading, value);
        }
    }

    /** The operand whose op(X) is rows × columns. */
    private Stored stored(Operand operand, int rows, int columns) {
        int height = operand.transposed() ? columns : rows;
        int width = operand.transposed() ? rows : columns;
        check(operand.leading() >= height, "leading dimension " + operand.leading() + " below " + height + " rows");
        long elements = (long) operand.leading() * (width - 1) + height;
        return new Stored(floats(operand.address(), elements), operand.leading(), operand.transposed());
    }

    @Override
    public void scale(double alpha, long x, long y, int n) {
        FloatBuffer from = floats(x, n);
        FloatBuffer to = floats(y, n);
        for (int i = 0; i < n; i++) {
            to.put(i, (float) (alpha * from.get(i)));
        }
    }

    @Override
    public void add(double alpha, long x, long y, int n) {
        FloatBuffer from = floats(x, n);
        FloatBuffer to = floats(y, n);
        for (int i = 0; i < n; i++) {
            to.put(i, (float) (to.get(i) + alpha * from.get(i)));
        }
    }

    @Override
    public void addToDiagonal(double alpha, long square, int n) {
        FloatBuffer values = floats(square, (long) n * n);
        for (int i = 0; i < n; i++) {
            values.put(i * n + i, (float) (values.get(i * n + i) + alpha));
        }
    }

    @Override
    public double dot(long x, long y, int n) {
        FloatBuffer first = floats(x, n);
        FloatBuffer second = floats(y, n);
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += (double) first.get(i) * second.get(i);
        }
        return sum;
    }

    @Override
    public double largestMagnitude(long x, int n) {
        FloatBuffer values = floats(x, n);
        float largest = 0;
        for (int i = 0; i < n; i++) {
            largest = Math.max(largest, Math.abs(values.get(i)));
        }
        return largest;
    }

    @Override
    public void widen(long from, long to, int n) {
        ByteBuffer source = at(from, 2L * n);
        FloatBuffer target = floats(to, n);
        for (int i = 0; i < n; i++) {
            target.put(i, Float.intBitsToFloat(source.getShort(2 * i) << 16));
        }
    }

    @Override
    public BatchedDevice batched() {
        return new HostBatches(this);
    }

    @Override
    public long openMemory(byte[] handle) {
        ByteBuffer memory = exported.get(boxed(handle));
        if (memory == null) {
            throw new DeviceException("cudaIpcOpenMemHandle: invalid resource handle");
        }
        long address = map(memory);
        opened.add(address);
        return address;
    }

    @Override
    public void closeMemory(long address) {
        check(opened.remove(address), "closed what was not opened");
        blocks.remove(address);
    }

    @Override
    public long openEvent(byte[] handle) {
        long event = next++;
        events.put(event, handle);
        return event;
    }

    @Override
    public void await(long event) {
        check(events.containsKey(event), "waited for an event that is not open");
    }

    @Override
    public void closeEvent(long event) {
        check(events.remove(event) != null, "closed what was not opened");
    }

    @Override
    public void close() {
        closed = true;
    }

    private FloatBuffer floats(long address, long n) {
        return at(address, n * Float.BYTES).asFloatBuffer();
    }

    private ByteBuffer at(long address, long bytes) {
        check(!closed, "used after close");
        Map.Entry<Long, ByteBuffer> block = blocks.floorEntry(address);
        check(block != null, "no memory there");
        long offset = block == null ? 0 : address - block.getKey();
        check(block != null && offset + bytes <= block.getValue().capacity(), "beyond what is allocated");
        return block.getValue().slice((int) offset, (int) bytes).order(ByteOrder.nativeOrder());
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError("device misused: " + otherwise);
        }
    }

    private static List<Byte> boxed(byte[] handle) {
        List<Byte> boxed = new ArrayList<>();
        for (byte one : handle) {
            boxed.add(one);
        }
        return boxed;
    }
}
