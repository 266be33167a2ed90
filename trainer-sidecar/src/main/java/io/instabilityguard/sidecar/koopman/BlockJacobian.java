package io.instabilityguard.sidecar.koopman;

/**
 * The least-squares Jacobian J_l of block l and how it lines up with what comes before.
 *
 * @param spectralNorm ‖J_l‖2, estimated from below
 * @param alignment |vᵀu| of the top right singular vector v of J_l and the top left singular vector u of J_(l−1) (MSign, Def. 3.2); NaN for the
 *     first block
 * @param productAlignment |vᵀu| of v and the top left singular vector u of the product J_(l−1) … J_1; NaN for the first block
 * @param logProductNorm ln ‖J_l … J_1‖2
 */
public record BlockJacobian(double spectralNorm, double alignment, double productAlignment, double logProductNorm) {}
