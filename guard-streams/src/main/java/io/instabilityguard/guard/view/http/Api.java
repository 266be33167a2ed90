package io.instabilityguard.guard.view.http;

import io.instabilityguard.guard.view.board.Entry;
import io.instabilityguard.guard.view.board.Page;
import io.instabilityguard.guard.view.board.Points;
import io.instabilityguard.guard.view.board.RunBoard;
import io.instabilityguard.guard.view.board.RunSummary;
import io.javalin.http.BadRequestResponse;
import io.javalin.http.Context;
import io.javalin.http.NotFoundResponse;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Answers what is asked about runs. Every method is one route; what they answer is described in {@code openapi.yaml}. */
final class Api {

    private static final int MOST_PER_PAGE = 500;
    private static final int PER_PAGE = 100;
    private static final Set<String> TYPES = Set.of("anomaly", "command", "outcome", "decision", "generation");

    private final Sources sources;

    Api(Sources sources) {
        this.sources = sources;
    }

    private record RunRow(RunSummary summary, double budget) {}

    private record RunPage(
            RunSummary summary,
            double budget,
            boolean hasHistory,
            List<String> scalars,
            List<String> statistics,
            boolean hasKoopman) {}

    private record StatisticPage(String metric, Points points) {}

    private record LayerPage(String layer, Map<String, Points> statistics, List<Entry> anomalies) {}

    private record KoopmanPage(List<?> blocks) {}

    /** Every run, by id. */
    void runs(Context context) {
        Page<RunSummary> page = sources.fleet().runs(parameter(context, "after", ""), limit(context));
        List<RunRow> rows =
                page.items().stream().map(run -> new RunRow(run, budget(run))).toList();
        answer(context, new Page<>(rows, page.next()));
    }

    /** One run. */
    void run(Context context) {
        RunSummary summary = summary(context);
        RunBoard board = sources.fleet().history(summary.run()).orElse(null);
        answer(
                context,
                new RunPage(
                        summary,
                        budget(summary),
                        board != null,
                        board == null ? List.of() : board.scalars(),
                        board == null ? List.of() : board.statistics(),
                        board != null && !board.koopman().isEmpty()));
    }

    /** Scalars of a run against the step. */
    void series(Context context) {
        RunBoard board = board(context);
        String names = parameter(context, "names", "");
        List<String> wanted = names.isEmpty() ? board.scalars() : List.of(names.split(",", -1));
        answer(context, board.scalars(wanted, number(context, "since", 0)));
    }

    /** One statistic of all layers: the heat map. */
    void statistic(Context context) {
        String metric = context.pathParam("metric");
        Points points = board(context).statistic(metric);
        if (points == null) {
            throw new NotFoundResponse("no layer of this run has a statistic " + metric);
        }
        answer(context, new StatisticPage(metric, points));
    }

    /** Everything about one layer. */
    void layer(Context context) {
        String layer = parameter(context, "name", "");
        RunBoard board = board(context);
        Map<String, Points> statistics = board.layer(layer);
        if (statistics.isEmpty()) {
            throw new NotFoundResponse("this run has no layer " + layer);
        }
        Predicate<Entry> concernsIt = entry ->
                entry instanceof Entry.Found found && found.evidence().layers().contains(layer);
        List<Entry> anomalies =
                board.entries(concernsIt, Long.MAX_VALUE, PER_PAGE).items();
        answer(context, new LayerPage(layer, new TreeMap<>(statistics), anomalies));
    }

    /** The newest Koopman spectra. */
    void koopman(Context context) {
        answer(context, new KoopmanPage(board(context).koopman()));
    }

    /** What happened to a run, newest first. */
    void entries(Context context) {
        String types = parameter(context, "types", "");
        Set<String> wanted = types.isEmpty() ? TYPES : Set.copyOf(Arrays.asList(types.split(",", -1)));
        if (!TYPES.containsAll(wanted)) {
            throw new BadRequestResponse("types must be some of " + new TreeSet<>(TYPES));
        }
        Predicate<Entry> isWanted = entry -> wanted.contains(entry.type());
        answer(context, board(context).entries(isWanted, number(context, "after", Long.MAX_VALUE), limit(context)));
    }

    private double budget(RunSummary summary) {
        return sources.policies().of(summary.run()).budget();
    }

    private RunSummary summary(Context context) {
        String run = context.pathParam("run");
        return sources.fleet()
                .run(run)
                .orElseThrow(() -> new NotFoundResponse("the guard has published nothing about a run " + run));
    }

    private RunBoard board(Context context) {
        String run = context.pathParam("run");
        return sources.fleet()
                .history(run)
                .orElseThrow(() -> new NotFoundResponse("nothing is remembered of a run " + run
                        + ": it has been silent since before the history that is read at the start"));
    }

    private static int limit(Context context) {
        long limit = number(context, "limit", PER_PAGE);
        if (limit < 1 || limit > MOST_PER_PAGE) {
            throw new BadRequestResponse("limit must be from 1 to " + MOST_PER_PAGE);
        }
        return (int) limit;
    }

    private static long number(Context context, String name, long otherwise) {
        String text = context.queryParam(name);
        try {
            return text == null ? otherwise : Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new BadRequestResponse(name + " must be a whole number");
        }
    }

    private static String parameter(Context context, String name, String otherwise) {
        @Nullable String value = context.queryParam(name);
        return value == null ? otherwise : value;
    }

    /** Answers with JSON. */
    static void answer(Context context, Object value) {
        context.result(Json.bytes(value)).contentType("application/json");
    }
}
