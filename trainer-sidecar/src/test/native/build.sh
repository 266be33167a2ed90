#!/bin/sh
# Builds the stand-in for CUDA into a folder: build.sh FOLDER. Then run the tests tagged cuda against it, from the repository's root:
#   LD_LIBRARY_PATH=FOLDER mvn -pl trainer-sidecar test -Dgroups=cuda
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
kernels=$here/../../main/resources/io/instabilityguard/sidecar/spectrum/cuda/kernels.cu
mkdir -p "$1"
g++ -O2 -std=c++17 -shared -fPIC "-DKERNELS=\"$kernels\"" -Wall -Wextra -o "$1/libcuda.so.1" "$here/cuda_stand_in.cpp"
for library in cudart cublas cublasLt nvrtc; do
    ln -sf libcuda.so.1 "$1/lib$library.so.${CUDA_MAJOR:-12}"
done
