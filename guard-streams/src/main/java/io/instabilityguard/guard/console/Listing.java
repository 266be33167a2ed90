package io.instabilityguard.guard.console;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Rows under named columns, printed as an aligned table or as one JSON object per row. */
final class Listing {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final boolean json;
    private final List<String> columns;
    private final List<List<Object>> rows = new ArrayList<>();

    Listing(boolean json, String... columns) {
        this.json = json;
        this.columns = List.of(columns);
    }

    /** Adds a row, one value per column. */
    Listing add(Object... values) {
        if (values.length != columns.size()) {
            throw new IllegalArgumentException("a row of " + values.length + " values under " + columns);
        }
        rows.add(List.of(values));
        return this;
    }

    void print(PrintWriter out) {
        rows().forEach(out::println);
        out.flush();
    }

    private List<String> rows() {
        return json ? rows.stream().map(this::object).toList() : table();
    }

    private String object(List<Object> row) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (int column = 0; column < row.size(); column++) {
            fields.put(columns.get(column), row.get(column));
        }
        try {
            return JSON.writeValueAsString(fields);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a row cannot be written as JSON", e);
        }
    }

    private List<String> table() {
        int[] widths = columns.stream().mapToInt(String::length).toArray();
        for (List<Object> row : rows) {
            Arrays.setAll(
                    widths,
                    column ->
                            Math.max(widths[column], row.get(column).toString().length()));
        }
        List<String> lines = new ArrayList<>();
        lines.add(line(columns, widths));
        rows.forEach(row -> lines.add(line(row, widths)));
        return lines;
    }

    private static String line(List<?> cells, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int column = 0; column < widths.length; column++) {
            line.append(("%-" + Math.max(1, widths[column]) + "s  ").formatted(cells.get(column)));
        }
        return line.toString().stripTrailing();
    }
}
