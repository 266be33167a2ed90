package io.instabilityguard.evaluation;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The names of metrics: those that an expression of PromQL asks for, and those that a process shows. */
final class MetricNames {
    private static final Pattern QUOTED = Pattern.compile("\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'");
    private static final Pattern SELECTORS = Pattern.compile("\\{[^}]*}|\\[[^\\]]*]");
    private static final Pattern GROUPINGS =
            Pattern.compile("\\b(?:by|without|on|ignoring|group_left|group_right)\\s*\\([^)]*\\)");
    private static final Pattern NAME = Pattern.compile("(?<![\\w:.$])([a-zA-Z_:][\\w:]*)(?!\\w*\\s*\\()");
    private static final Pattern LABEL_VALUES = Pattern.compile("label_values\\(\\s*([^,)]+)(?:,\\s*\\w+\\s*)?\\)");
    private static final Set<String> WORDS = Set.of("and", "or", "unless", "bool", "offset");

    private MetricNames() {}

    /** Of metrics and recorded expressions that an expression, or a Grafana query of a label's values, asks for. */
    static Set<String> askedBy(String expression) {
        Matcher values = LABEL_VALUES.matcher(expression);
        String plain = QUOTED.matcher(values.replaceAll("$1")).replaceAll("");
        plain = GROUPINGS.matcher(SELECTORS.matcher(plain).replaceAll("")).replaceAll("");
        return NAME.matcher(plain)
                .results()
                .map(found -> found.group(1))
                .filter(name -> !WORDS.contains(name))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Of all that were scraped. */
    static Set<String> shownBy(List<String> scrapes) {
        return scrapes.stream()
                .flatMap(String::lines)
                .filter(line -> !line.startsWith("#") && !line.isBlank())
                .map(line -> line.split("[{ ]", 2)[0])
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
