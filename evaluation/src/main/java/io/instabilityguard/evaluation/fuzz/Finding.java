package io.instabilityguard.evaluation.fuzz;

/**
 * Something that a reader of input must not do, and the first input that made it do so.
 *
 * @param target what read it
 * @param problem what happened
 * @param index which input of the campaign it was
 * @param count how many inputs had the same cause
 * @param input the input, base64
 */
record Finding(String target, String problem, long index, long count, String input) {
    Finding again() {
        return new Finding(target, problem, index, count + 1, input);
    }
}
