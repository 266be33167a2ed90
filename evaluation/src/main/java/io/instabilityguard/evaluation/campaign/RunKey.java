package io.instabilityguard.evaluation.campaign;

/**
 * What makes a run the same run: equal keys, equal numbers.
 *
 * @param scenario the trainer's name
 * @param method the plan's name
 * @param seed of weights and batches
 * @param delay lockstep delay of the guard, in steps; 0 without a guard
 * @param sources SHA-256 (hex) of the code that trains and, with a guard, of the guard and its policy
 */
public record RunKey(String scenario, String method, int seed, int delay, String sources) {}
