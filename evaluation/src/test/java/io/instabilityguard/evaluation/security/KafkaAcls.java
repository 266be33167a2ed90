package io.instabilityguard.evaluation.security;

import io.instabilityguard.guard.console.ConsoleMain;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.common.utils.Exit;
import org.apache.kafka.tools.AclCommand;

/** What {@code ./guard acls} prints, carried out by the class that {@code kafka-acls.sh} starts. */
final class KafkaAcls {
    private KafkaAcls() {}

    /** Runs every printed line. */
    static void add(String bootstrapServers, Path adminConfig) {
        StringWriter printed = new StringWriter();
        int status = ConsoleMain.commandLine().setOut(new PrintWriter(printed)).execute("acls");
        List<String> lines =
                printed.toString().lines().filter(line -> !line.startsWith("#")).toList();
        if (status != 0 || lines.isEmpty()) {
            throw new AssertionError("nothing was printed");
        }
        Exit.setExitProcedure((code, message) -> {
            throw new AssertionError("kafka-acls.sh exits with " + code + ": " + message);
        });
        try {
            lines.forEach(line -> AclCommand.main(arguments(line, bootstrapServers, adminConfig)));
        } finally {
            Exit.resetExitProcedure();
        }
    }

    /** As a shell splits the line; no word of it holds a space. */
    private static String[] arguments(String line, String bootstrapServers, Path adminConfig) {
        String[] words = line.substring(0, line.indexOf('#')).strip().split(" ");
        return Arrays.stream(words, 1, words.length)
                .map(word -> word.replaceAll("['\"]", ""))
                .map(word -> word.replace("$BOOTSTRAP_SERVERS", bootstrapServers))
                .map(word -> word.replace("$ADMIN_CONFIG", adminConfig.toString()))
                .toArray(String[]::new);
    }
}
