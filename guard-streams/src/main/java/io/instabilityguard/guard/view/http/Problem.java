package io.instabilityguard.guard.view.http;

import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.http.HttpStatus;

/**
 * Why a request was not answered as hoped (RFC 9457).
 *
 * @param type kind of problem; about:blank, since the status says it all
 * @param title the status in words
 * @param status the status
 * @param detail what is wrong with this request and what to do
 */
record Problem(String type, String title, int status, String detail) {

    private static final String CONTENT_TYPE = "application/problem+json";

    static Problem of(HttpResponseException refusal) {
        HttpStatus status = HttpStatus.forStatus(refusal.getStatus());
        return of(status, String.valueOf(refusal.getMessage()));
    }

    static Problem of(HttpStatus status, String detail) {
        return new Problem("about:blank", status.getMessage(), status.getCode(), detail);
    }

    /** Answers with it. */
    void answer(Context context) {
        context.status(status).result(Json.bytes(this)).contentType(CONTENT_TYPE);
    }
}
