package io.instabilityguard.guard.view.board;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One page of many.
 *
 * @param items what is on it
 * @param next cursor of the page after it; null at the end
 */
public record Page<T>(List<T> items, @Nullable String next) {

    /** Keeps its own copy. */
    public Page {
        items = List.copyOf(items);
    }
}
