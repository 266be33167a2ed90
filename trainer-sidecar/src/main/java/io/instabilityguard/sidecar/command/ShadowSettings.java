package io.instabilityguard.sidecar.command;

/**
 * How much is kept for rolling weight commands back.
 *
 * @param bytes most bytes of all sessions of a sidecar together; 0: nothing is kept
 * @param commands most commands of one session, the last ones
 */
public record ShadowSettings(long bytes, int commands) {
    /** 1 GiB and four commands. */
    public static final ShadowSettings DEFAULT = new ShadowSettings(1L << 30, 4);

    /** The same within a quarter of the memory that this process may use. */
    public ShadowSettings within(long maxMemory) {
        return new ShadowSettings(Math.min(bytes, maxMemory / 4), commands);
    }
}
