package io.instabilityguard.schemas.signature;

import java.io.IOException;
import java.util.regex.Pattern;

/** Names of keys: they are file names and record headers, and can be no path. */
final class KeyId {
    private static final Pattern ALLOWED = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}");

    private KeyId() {}

    /** The id itself, when it may be one. */
    static String checked(String id) throws IOException {
        if (!isAllowed(id)) {
            throw new IOException(
                    "a key id is 1 to 64 characters of [A-Za-z0-9._-], not starting with a dot: \"" + id + '"');
        }
        return id;
    }

    /** Whether it may be one. */
    static boolean isAllowed(String id) {
        return ALLOWED.matcher(id).matches();
    }
}
