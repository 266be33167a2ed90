// A stand-in for the driver, the runtime, cuBLAS and NVRTC on a machine without a GPU: the calls that CudaDevice makes, on host memory, strict
// about addresses and lifetimes. With it the Java bindings run for real: arguments, strings and pointers cross into native code as they would
// with a GPU. What it cannot prove is what the real libraries do with them. Build and use: build.sh.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

struct Index {
    unsigned x, y, z;
};
static Index blockIdx, threadIdx, blockDim, gridDim;
#define __global__
#include KERNELS

static std::map<char *, size_t> allocated;
static std::map<char *, size_t> opened;
static std::map<char *, size_t> page_locked;
static int streams, events, modules, handles, programs;

// What was asked for; with STAND_IN_COUNTS set, said at the end
static struct Counts {
    long launches, copies, waits, allocations;
    ~Counts() {
        if (getenv("STAND_IN_COUNTS")) {
            fprintf(stderr, "launches %ld, copies %ld, waits %ld, allocations %ld\n", launches, copies, waits, allocations);
        }
    }
} counts;

static void require(bool holds, const char *otherwise) {
    if (!holds) {
        fprintf(stderr, "CUDA misused: %s\n", otherwise);
        abort();
    }
}

static bool holds(std::map<char *, size_t> &blocks, const void *at, size_t bytes) {
    auto after = blocks.upper_bound((char *) at);
    if (after == blocks.begin()) {
        return false;
    }
    --after;
    return (char *) at + bytes <= after->first + after->second;
}

static void require_memory(const void *at, size_t bytes, const char *what) {
    require(holds(allocated, at, bytes) || holds(opened, at, bytes), what);
}

// A copy from page-locked memory happens some time before the stream is waited for: what it copies must stay as it is until then
struct Pending {
    const void *from;
    std::string content;
};
static std::vector<Pending> pending;

static void settle() {
    for (const Pending &copy : pending) {
        require(memcmp(copy.from, copy.content.data(), copy.content.size()) == 0, "host memory changed under a copy");
    }
    pending.clear();
}

template <typename T> static T argument(void **arguments, int i) {
    return *(T *) arguments[i];
}

// The array of a batch at this argument, and the element of this block's member
static void *const *members(void **p, int pointer) {
    require_memory(argument<void *>(p, pointer), gridDim.y * 8, "array of a batch");
    return argument<void *const *>(p, pointer);
}
static void check_member(void **p, int pointer, int count, size_t size) {
    require_memory(members(p, pointer)[blockIdx.y], argument<int>(p, count) * size, "member of a batch");
}

// Every kernel with its arguments, as the driver would unpack them
struct Kernel {
    const char *name;
    void (*run)(void **);
};
static void check_elements(void **p, int pointer, int count, size_t size) {
    require_memory(argument<void *>(p, pointer), argument<int>(p, count) * size, "kernel argument");
}
static const Kernel KERNEL_TABLE[] = {
    {"scale", [](void **p) {
         check_elements(p, 1, 3, 4), check_elements(p, 2, 3, 4);
         scale(argument<double>(p, 0), argument<float *>(p, 1), argument<float *>(p, 2), argument<int>(p, 3));
     }},
    {"add", [](void **p) {
         check_elements(p, 1, 3, 4), check_elements(p, 2, 3, 4);
         add(argument<double>(p, 0), argument<float *>(p, 1), argument<float *>(p, 2), argument<int>(p, 3));
     }},
    {"add_to_diagonal", [](void **p) {
         int n = argument<int>(p, 2);
         require_memory(argument<void *>(p, 1), (size_t) n * n * 4, "kernel argument");
         add_to_diagonal(argument<double>(p, 0), argument<float *>(p, 1), n);
     }},
    {"widen", [](void **p) {
         check_elements(p, 0, 2, 2), check_elements(p, 1, 2, 4);
         widen(argument<unsigned short *>(p, 0), argument<unsigned *>(p, 1), argument<int>(p, 2));
     }},
    {"dot", [](void **p) {
         check_elements(p, 0, 3, 4), check_elements(p, 1, 3, 4);
         require_memory(argument<void *>(p, 2), (size_t) gridDim.x * blockDim.x * 8, "partial sums");
         dot(argument<float *>(p, 0), argument<float *>(p, 1), argument<double *>(p, 2), argument<int>(p, 3));
     }},
    {"largest", [](void **p) {
         check_elements(p, 0, 2, 4);
         require_memory(argument<void *>(p, 1), (size_t) gridDim.x * blockDim.x * 8, "partial magnitudes");
         largest(argument<float *>(p, 0), argument<double *>(p, 1), argument<int>(p, 2));
     }},
    {"sum_stage", [](void **p) {
         require_memory(argument<void *>(p, 0), (size_t) gridDim.y * argument<int>(p, 2) * 8, "partial sums");
         require_memory(argument<void *>(p, 1), (size_t) gridDim.y * gridDim.x * blockDim.x * 8, "partial sums");
         sum_stage(argument<double *>(p, 0), argument<double *>(p, 1), argument<int>(p, 2));
     }},
    {"scale_each", [](void **p) {
         members(p, 0), check_member(p, 1, 3, 4), check_member(p, 2, 3, 4);
         scale_each(argument<double *>(p, 0), argument<float **>(p, 1), argument<float **>(p, 2), argument<int>(p, 3));
     }},
    {"add_each", [](void **p) {
         members(p, 0), check_member(p, 1, 3, 4), check_member(p, 2, 3, 4);
         add_each(argument<double *>(p, 0), argument<float **>(p, 1), argument<float **>(p, 2), argument<int>(p, 3));
     }},
    {"widen_each", [](void **p) {
         check_member(p, 0, 2, 2), check_member(p, 1, 2, 4);
         widen_each(argument<unsigned short **>(p, 0), argument<unsigned **>(p, 1), argument<int>(p, 2));
     }},
    {"dot_each", [](void **p) {
         check_member(p, 0, 3, 4), check_member(p, 1, 3, 4);
         require_memory(argument<void *>(p, 2), (size_t) gridDim.y * gridDim.x * blockDim.x * 8, "partial sums");
         dot_each(argument<float **>(p, 0), argument<float **>(p, 1), argument<double *>(p, 2), argument<int>(p, 3));
     }},
    {"total", [](void **p) {
         check_elements(p, 0, 2, blockDim.x * 8), check_elements(p, 1, 2, 8);
         total(argument<double *>(p, 0), argument<double *>(p, 1), argument<int>(p, 2));
     }},
    {"largest_stage", [](void **p) {
         check_elements(p, 0, 2, 8);
         require_memory(argument<void *>(p, 1), (size_t) gridDim.x * blockDim.x * 8, "partial magnitudes");
         largest_stage(argument<double *>(p, 0), argument<double *>(p, 1), argument<int>(p, 2));
     }},
};

static float element(const float *a, int leading, bool transposed, int i, int j) {
    return transposed ? a[j + (size_t) i * leading] : a[i + (size_t) j * leading];
}

static void require_operand(const float *a, int leading, bool transposed, int rows, int columns) {
    int height = transposed ? columns : rows, width = transposed ? rows : columns;
    require(leading >= height, "leading dimension");
    require_memory(a, ((size_t) leading * (width - 1) + height) * 4, "operand");
}

extern "C" {
// --- runtime
int cudaGetDeviceCount(int *count) {
    const char *devices = getenv("STAND_IN_DEVICES");
    *count = devices ? atoi(devices) : 1;
    return *count < 0 ? 100 : 0;
}
const char *cudaGetErrorString(int code) {
    return code == 2 ? "out of memory" : code == 100 ? "no CUDA-capable device is detected" : "unknown error";
}
int cudaSetDevice(int device) { return device == 0 ? 0 : 101; }
int cudaDriverGetVersion(int *version) { return *version = 12090, 0; }
int cudaDeviceGetAttribute(int *value, int attribute, int) { return *value = attribute == 75 ? 9 : 0, 0; }
int cudaGetDeviceProperties_v2(void *properties, int) { return strcpy((char *) properties, "stand-in"), 0; }
int cudaMemGetInfo(size_t *free, size_t *total) { return *free = *total = (size_t) 1 << 30, 0; }
int cudaMalloc(void **address, size_t bytes) {
    if (bytes > (size_t) 1 << 28) {
        return 2;
    }
    counts.allocations++;
    char *block = (char *) aligned_alloc(256, (bytes + 255) / 256 * 256);
    memset(block, 0xff, bytes);
    allocated[block] = bytes;
    return *address = block, 0;
}
int cudaFree(void *address) {
    require(allocated.erase((char *) address) == 1, "freed twice, or never allocated");
    return free(address), 0;
}
int cudaStreamCreateWithFlags(void **stream, unsigned flags) {
    require(flags == 1, "a stream that does not wait for the default one");
    return *stream = (void *) (long) ++streams, 0;
}
int cudaStreamDestroy(void *) { return 0; }
int cudaStreamSynchronize(void *stream) { return counts.waits++, require(stream != nullptr, "stream"), settle(), 0; }
int cudaHostAlloc(void **address, size_t bytes, unsigned flags) {
    require(flags == 0, "page-locked memory without further properties");
    char *block = (char *) aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    page_locked[block] = bytes;
    return *address = block, 0;
}
int cudaFreeHost(void *address) {
    require(page_locked.erase((char *) address) == 1, "page-locked memory freed twice, or never allocated");
    return free(address), 0;
}
int cudaMemsetAsync(void *to, int value, size_t bytes, void *stream) {
    require(stream != nullptr, "stream");
    require_memory(to, bytes, "cudaMemsetAsync");
    return memset(to, value, bytes), 0;
}
int cudaMemcpyAsync(void *to, const void *from, size_t bytes, int direction, void *stream) {
    require(stream != nullptr, "stream");
    counts.copies++;
    require_memory(direction == 1 ? to : from, bytes, "cudaMemcpyAsync");
    require(!holds(allocated, direction == 1 ? from : to, 1), "host side of a copy");
    if (direction == 1 && holds(page_locked, from, bytes)) {
        pending.push_back({from, std::string((const char *) from, bytes)});
    }
    return memcpy(to, from, bytes), 0;
}
struct Handle {
    char *address;
    size_t bytes;
    char rest[48];
};
int cudaIpcGetMemHandle(Handle *handle, void *address) {
    require(allocated.count((char *) address) == 1, "cudaIpcGetMemHandle");
    memset(handle, 0, sizeof *handle);
    handle->address = (char *) address, handle->bytes = allocated[(char *) address];
    return 0;
}
int cudaIpcOpenMemHandle(void **address, Handle handle, unsigned flags) {
    require(flags == 1, "lazy peer access is the only flag");
    if (handle.address == nullptr) {
        return 400;
    }
    opened[handle.address] = handle.bytes;
    return *address = handle.address, 0;
}
int cudaIpcCloseMemHandle(void *address) {
    return require(opened.erase((char *) address) == 1, "closed what was not opened"), 0;
}
int cudaIpcOpenEventHandle(void **event, Handle) { return *event = (void *) (long) ++events, 0; }
int cudaStreamWaitEvent(void *stream, void *event, unsigned flags) {
    return require(stream != nullptr && event != nullptr && flags == 0, "cudaStreamWaitEvent"), 0;
}
int cudaEventDestroy(void *event) { return require(event != nullptr, "cudaEventDestroy"), 0; }

// --- driver
int cuGetErrorName(int, const char **name) { return *name = "CUDA_ERROR_STAND_IN", 0; }
int cuModuleLoadData(void **module, const void *image) {
    require(strcmp((const char *) image, "assembly") == 0, "the image is what the compiler gave");
    return *module = (void *) (long) ++modules, 0;
}
int cuModuleUnload(void *module) { return require(module != nullptr, "cuModuleUnload"), 0; }
int cuModuleGetFunction(void **function, void *, const char *name) {
    for (const Kernel &kernel : KERNEL_TABLE) {
        if (strcmp(kernel.name, name) == 0) {
            return *function = (void *) &kernel, 0;
        }
    }
    return 500;
}
int cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                   unsigned shared, void *stream, void **arguments, void **extra) {
    require(gx > 0 && gy > 0 && gy <= 65535 && gz == 1 && bx > 0 && bx <= 1024 && by == 1 && bz == 1, "shape of a launch");
    require(shared == 0 && stream != nullptr && extra == nullptr, "launch");
    counts.launches++;
    gridDim = {gx, gy, 1}, blockDim = {bx, 1, 1};
    for (blockIdx.y = 0; blockIdx.y < gy; blockIdx.y++) {
        for (blockIdx.x = 0; blockIdx.x < gx; blockIdx.x++) {
            for (threadIdx.x = 0; threadIdx.x < bx; threadIdx.x++) {
                ((const Kernel *) function)->run(arguments);
            }
        }
    }
    return 0;
}

// --- cuBLAS
const char *cublasGetStatusString(int) { return "CUBLAS_STATUS_STAND_IN"; }
int cublasCreate_v2(void **handle) { return *handle = (void *) (long) ++handles, 0; }
int cublasDestroy_v2(void *handle) { return require(handle != nullptr, "cublasDestroy"), 0; }
int cublasSetStream_v2(void *handle, void *stream) {
    return require(handle != nullptr && stream != nullptr, "cublasSetStream"), 0;
}
int cublasSgemm_v2(void *handle, int ta, int tb, int m, int n, int k, const float *alpha, const float *a, int lda,
                   const float *b, int ldb, const float *beta, float *c, int ldc) {
    counts.launches++;
    require(handle != nullptr && ta >= 0 && ta <= 1 && tb >= 0 && tb <= 1, "cublasSgemm");
    require_operand(a, lda, ta, m, k), require_operand(b, ldb, tb, k, n), require_operand(c, ldc, false, m, n);
    for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int l = 0; l < k; l++) {
                sum += (double) element(a, lda, ta, i, l) * element(b, ldb, tb, l, j);
            }
            float &target = c[i + (size_t) j * ldc];
            target = (float) (*alpha * sum + (*beta == 0 ? 0 : *beta * target));
        }
    }
    return 0;
}
int cublasSgemv_v2(void *handle, int transposed, int m, int n, const float *alpha, const float *a, int lda,
                   const float *x, int incx, const float *beta, float *y, int incy) {
    require(incx == 1 && incy == 1, "strides");
    int rows = transposed ? n : m, inner = transposed ? m : n;
    return cublasSgemm_v2(handle, transposed, 0, rows, 1, inner, alpha, a, lda, x, inner, beta, y, rows);
}
int cublasSgemvBatched(void *handle, int transposed, int m, int n, const float *alpha, const float *const *a, int lda,
                       const float *const *x, int incx, const float *beta, float *const *y, int incy, int count) {
    require(count > 0, "members");
    for (const void *array : {(const void *) a, (const void *) x, (const void *) y}) {
        require(holds(allocated, array, (size_t) count * 8), "the arrays of a batch lie on the device");
    }
    for (int i = 0; i < count; i++) {
        cublasSgemv_v2(handle, transposed, m, n, alpha, a[i], lda, x[i], incx, beta, y[i], incy);
    }
    counts.launches -= count - 1;
    return 0;
}

// --- NVRTC
const char *nvrtcGetErrorString(int) { return "NVRTC_ERROR_STAND_IN"; }
int nvrtcCreateProgram(void **program, const char *source, const char *name, int headers, const char *const *,
                       const char *const *) {
    require(strstr(source, "largest_stage") && strcmp(name, "kernels.cu") == 0 && headers == 0, "nvrtcCreateProgram");
    return *program = (void *) (long) ++programs, 0;
}
int nvrtcCompileProgram(void *, int count, const char *const *options) {
    require(count == 1 && strcmp(options[0], "--gpu-architecture=compute_90") == 0, "options of the compiler");
    return 0;
}
int nvrtcGetPTXSize(void *, size_t *size) { return *size = sizeof "assembly", 0; }
int nvrtcGetPTX(void *, char *assembly) { return strcpy(assembly, "assembly"), 0; }
int nvrtcGetProgramLogSize(void *, size_t *size) { return *size = 1, 0; }
int nvrtcGetProgramLog(void *, char *log) { return *log = 0, 0; }
int nvrtcDestroyProgram(void **program) { return *program = nullptr, 0; }
}
