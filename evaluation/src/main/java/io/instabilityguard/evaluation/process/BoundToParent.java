package io.instabilityguard.evaluation.process;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;

/**
 * Runs the main method of another class in a JVM that must not outlive the process that started it: standard input is the parent's end of a pipe,
 * and when that ends the JVM halts at once. The first argument is the class, the rest are its own.
 */
public final class BoundToParent {
    private static final int ORPHANED = 3;

    private BoundToParent() {}

    /** Watches standard input and runs the class. */
    public static void main(String[] arguments) throws Exception {
        Thread watcher = new Thread(BoundToParent::haltWithParent, "parent-watch");
        watcher.setDaemon(true);
        watcher.start();
        Method main = Class.forName(arguments[0]).getMethod("main", String[].class);
        try {
            main.invoke(null, (Object) Arrays.copyOfRange(arguments, 1, arguments.length));
        } catch (InvocationTargetException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    private static void haltWithParent() {
        try {
            System.in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            System.err.println("standard input broke off: " + e.getMessage());
        }
        Runtime.getRuntime().halt(ORPHANED);
    }
}
