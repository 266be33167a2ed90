// The elementwise primitives of CudaDevice, compiled for the device at hand by NVRTC when it is opened. Sums and largest values are taken
// in two fixed stages without shared memory, so that equal inputs give equal answers.

#define FIRST_INDEX ((long long) blockIdx.x * blockDim.x + threadIdx.x)
#define STRIDE ((long long) gridDim.x * blockDim.x)

// y = alpha x, in double before it is rounded
extern "C" __global__ void scale(double alpha, const float *x, float *y, int n) {
    for (long long i = FIRST_INDEX; i < n; i += STRIDE) {
        y[i] = (float) (alpha * x[i]);
    }
}

// y = y + alpha x, in double before it is rounded
extern "C" __global__ void add(double alpha, const float *x, float *y, int n) {
    for (long long i = FIRST_INDEX; i < n; i += STRIDE) {
        y[i] = (float) (y[i] + alpha * x[i]);
    }
}

// The n diagonal elements of an n x n matrix
extern "C" __global__ void add_to_diagonal(double alpha, float *square, int n) {
    for (long long i = FIRST_INDEX; i < n; i += STRIDE) {
        square[i * n + i] = (float) (square[i * n + i] + alpha);
    }
}

// bfloat16 is the upper half of a float32
extern "C" __global__ void widen(const unsigned short *from, unsigned int *to, int n) {
    for (long long i = FIRST_INDEX; i < n; i += STRIDE) {
        to[i] = (unsigned int) from[i] << 16;
    }
}

// One sum per thread
extern "C" __global__ void dot(const float *x, const float *y, double *sums, int n) {
    double sum = 0;
    for (long long i = FIRST_INDEX; i < n; i += STRIDE) {
        sum += (double) x[i] * y[i];
    }
    sums[FIRST_INDEX] = sum;
}

// One magnitude per thread; a NaN stays
extern "C" __global__ void largest(const float *x, double *magnitudes, int n) {
    double magnitude = 0;
    for (long long i = FIRST_INDEX; i < n; i += STRIDE) {
        double candidate = x[i] < 0 ? -(double) x[i] : (double) x[i];
        magnitude = candidate > magnitude || candidate != candidate ? candidate : magnitude;
        if (magnitude != magnitude) {
            break;
        }
    }
    magnitudes[FIRST_INDEX] = magnitude;
}

// Second stage of dot
extern "C" __global__ void sum_stage(const double *from, double *to, int n) {
    double sum = 0;
    for (long long i = FIRST_INDEX; i < n; i += STRIDE) {
        sum += from[i];
    }
    to[FIRST_INDEX] = sum;
}

// Second stage of largest
extern "C" __global__ void largest_stage(const double *from, double *to, int n) {
    double magnitude = 0;
    for (long long i = FIRST_INDEX; i < n; i += STRIDE) {
        magnitude = from[i] > magnitude || from[i] != from[i] ? from[i] : magnitude;
        if (magnitude != magnitude) {
            break;
        }
    }
    to[FIRST_INDEX] = magnitude;
}
