package io.instabilityguard.evaluation.fuzz;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.instabilityguard.evaluation.fuzz.GoldenSamples.Staged;
import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookMessage;
import io.instabilityguard.sidecar.frame.MessageCodec;
import io.instabilityguard.sidecar.frame.ProtocolException;
import io.instabilityguard.sidecar.frame.StagingFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * A staging file and the HELLO that describes it. An input is the length of the HELLO (4 bytes), the HELLO and the file; the word
 * {@value #FOLDER} in the HELLO stands for the folder of the socket.
 */
final class StagingTarget implements Target {
    private static final String FOLDER = "FOLDER";
    private static final int HEADER = 64;
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");

    private final Path folder;
    private final Path file;
    private final List<Staged> samples;
    private final List<byte[]> files;

    /** Stages in a folder of its own. */
    StagingTarget(List<Staged> samples) throws IOException {
        this.folder = Files.createTempDirectory("guard-fuzz");
        this.file = folder.resolve("staging-1-0badc0de");
        this.samples = samples.stream().map(this::placed).toList();
        this.files = samples.stream().map(Staged::file).toList();
    }

    private Staged placed(Staged sample) {
        ObjectNode hello = sample.hello().deepCopy();
        ((ObjectNode) hello.get("staging")).put("path", FOLDER + "/" + file.getFileName());
        return new Staged(hello, sample.file());
    }

    @Override
    public String name() {
        return "staging";
    }

    @Override
    public byte[] input(RandomGenerator random) {
        Staged sample = samples.get(random.nextInt(samples.size()));
        byte[] hello = random.nextInt(3) > 0
                ? MessageTarget.bytes(JsonMutation.mutate(sample.hello(), random))
                : MessageTarget.bytes(sample.hello());
        byte[] content = switch (random.nextInt(4)) {
            case 0 -> sample.file();
            case 1 -> headerChanged(sample.file(), random);
            default -> ByteMutation.mutate(sample.file(), 0, files, random);
        };
        return ByteBuffer.allocate(Integer.BYTES + hello.length + content.length)
                .putInt(hello.length)
                .put(hello)
                .put(content)
                .array();
    }

    private byte[] headerChanged(byte[] sample, RandomGenerator random) {
        byte[] changed = sample.clone();
        changed[random.nextInt(HEADER)] = (byte) random.nextInt(256);
        return changed;
    }

    /** Opens the file as a session does, then reads every slot and writes it back. */
    @Override
    public void read(byte[] input) throws IOException, ProtocolException {
        ByteBuffer parts = ByteBuffer.wrap(input);
        byte[] hello = new byte[parts.getInt()];
        parts.get(hello);
        String told = new String(hello, StandardCharsets.UTF_8).replace(FOLDER, folder.toString());
        HookMessage message = MessageCodec.decodeHook(told.getBytes(StandardCharsets.UTF_8));
        if (message instanceof Hello said) {
            byte[] content = new byte[parts.remaining()];
            parts.get(content);
            Files.write(file, content);
            Files.setPosixFilePermissions(file, OWNER_ONLY);
            useEverySlot(said);
        }
    }

    private void useEverySlot(Hello hello) throws IOException, ProtocolException {
        try (StagingFile staging = StagingFile.open(folder, hello)) {
            for (int slot = 0; slot < staging.slots().size(); slot++) {
                ByteBuffer content =
                        ByteBuffer.allocate(staging.slots().get(slot).bytes());
                staging.read(slot, content);
                staging.write(slot, content);
            }
        }
    }

    @Override
    public Optional<String> refusal(Exception e) {
        return e instanceof ProtocolException ? Optional.ofNullable(e.getMessage()) : Optional.empty();
    }

    @Override
    public void close() {
        file.toFile().delete();
        folder.toFile().delete();
    }
}
