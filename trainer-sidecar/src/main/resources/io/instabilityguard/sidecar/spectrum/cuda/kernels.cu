// The elementwise primitives of CudaDevice, compiled for the device at hand by NVRTC when it is opened. Sums and largest values are taken
// in two fixed stages without shared memory, so that equal inputs give equal answers.

#define FIRST_INDEX ((long long) blockIdx.x * blockDim.x + threadIdx.x)
#define STRIDE ((long long) gridDim.x * blockDim.x)
// Of a batch: every member has a row of blocks, with indices of its own
#define MEMBER ((long long) blockIdx.y)

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

// Second stage of dot, for every member
extern "C" __global__ void sum_stage(const double *from, double *to, int n) {
    double sum = 0;
    for (long long i = FIRST_INDEX; i < n; i += STRIDE) {
        sum += from[MEMBER * n + i];
    }
    to[MEMBER * STRIDE + FIRST_INDEX] = sum;
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

// The elementwise primitives of a batch: element MEMBER of every array belongs to the member

extern "C" __global__ void scale_each(const double *alphas, const float *const *x, float *const *y, int n) {
    for (long long i = FIRST_INDEX; i < n; i += STRIDE) {
        y[MEMBER][i] = (float) (alphas[MEMBER] * x[MEMBER][i]);
    }
}

extern "C" __global__ void add_each(const double *alphas, const float *const *x, float *const *y, int n) {
    for (long long i = FIRST_INDEX; i < n; i += STRIDE) {
        y[MEMBER][i] = (float) (y[MEMBER][i] + alphas[MEMBER] * x[MEMBER][i]);
    }
}

extern "C" __global__ void widen_each(const unsigned short *const *from, unsigned int *const *to, int n) {
    for (long long i = FIRST_INDEX; i < n; i += STRIDE) {
        to[MEMBER][i] = (unsigned int) from[MEMBER][i] << 16;
    }
}

// One sum per thread and member
extern "C" __global__ void dot_each(const float *const *x, const float *const *y, double *sums, int n) {
    double sum = 0;
    for (long long i = FIRST_INDEX; i < n; i += STRIDE) {
        sum += (double) x[MEMBER][i] * y[MEMBER][i];
    }
    sums[MEMBER * STRIDE + FIRST_INDEX] = sum;
}

// Third stage: one sum for each of n members, of what a block of the second stage left
extern "C" __global__ void total(const double *from, double *to, int n) {
    for (long long i = FIRST_INDEX; i < n; i += STRIDE) {
        double sum = 0;
        for (long long j = 0; j < blockDim.x; j++) {
            sum += from[i * blockDim.x + j];
        }
        to[i] = sum;
    }
}
