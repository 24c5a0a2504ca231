// The kernels of backend.Cuda: im2col and its adjoint for channels-last arrays, one thread per element of the result.
// 1-D and 2-D data come as 3-D with leading axes of size 1. Sizes: x (N, D, H, W, C), cols (N·d·h·w, kd·kh·kw·C).
//
// col2im is written as a gather: each element of x collects the columns that hold a copy of it. No atomics, so the
// sum is taken in a fixed order and two runs agree bit for bit.

#define GEOMETRY                                                                                                       \
    int D, int H, int W, int d, int h, int w, int kd, int kh, int kw, int sd, int sh, int sw, int pd, int ph, int pw

template <typename T>
__device__ void im2col(const T *x, T *cols, long long count, int C, T fill, GEOMETRY) {
    long long t = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (t >= count) return;
    long long rest = t;
    int c = rest % C; rest /= C;
    int k = rest % kw; rest /= kw;
    int j = rest % kh; rest /= kh;
    int i = rest % kd; rest /= kd;
    int ow = rest % w; rest /= w;
    int oh = rest % h; rest /= h;
    int od = rest % d; rest /= d;  // rest is now the sample
    int z = od * sd + i - pd, y = oh * sh + j - ph, u = ow * sw + k - pw;
    bool inside = z >= 0 && z < D && y >= 0 && y < H && u >= 0 && u < W;
    cols[t] = inside ? x[(((rest * D + z) * H + y) * W + u) * C + c] : fill;
}

template <typename T>
__device__ void col2im(const T *cols, T *x, long long count, int C, GEOMETRY) {
    long long t = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (t >= count) return;
    long long rest = t;
    int c = rest % C; rest /= C;
    int u = rest % W + pw; rest /= W;
    int y = rest % H + ph; rest /= H;
    int z = rest % D + pd; rest /= D;  // rest is now the sample
    T sum = 0;
    for (int i = z % sd; i < kd; i += sd) {
        int od = (z - i) / sd;
        if (z < i || od >= d) continue;
        for (int j = y % sh; j < kh; j += sh) {
            int oh = (y - j) / sh;
            if (y < j || oh >= h) continue;
            for (int k = u % sw; k < kw; k += sw) {
                int ow = (u - k) / sw;
                if (u < k || ow >= w) continue;
                long long row = ((rest * d + od) * h + oh) * w + ow;
                sum += cols[(((row * kd + i) * kh + j) * kw + k) * C + c];
            }
        }
    }
    x[t] = sum;
}

// Sums over the rows of a·b, (G, M, C) -> (G, C), for batch normalisation. First `slices` threads per column add up
// every slices-th row, then one thread per column adds the slices. Neighbouring threads read neighbouring numbers.
template <typename T>
__device__ void dots_in_slices(const T *a, const T *b, T *partial, long long count, int M, int slices, int C) {
    long long t = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (t >= count) return;
    long long rest = t / C;
    int c = t % C, slice = rest % slices;
    long long group = rest / slices;
    T sum = 0;
    for (long long m = slice; m < M; m += slices) {
        long long at = (group * M + m) * C + c;
        sum += a[at] * b[at];
    }
    partial[t] = sum;
}

template <typename T>
__device__ void sum_of_slices(const T *partial, T *sums, long long count, int slices, int C) {
    long long t = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (t >= count) return;
    long long group = t / C, c = t % C;
    T sum = 0;
    for (int slice = 0; slice < slices; slice++) sum += partial[(group * slices + slice) * C + c];
    sums[t] = sum;
}

#define ARGS D, H, W, d, h, w, kd, kh, kw, sd, sh, sw, pd, ph, pw
#define INSTANCE(T, suffix)                                                                                            \
    extern "C" __global__ void im2col_##suffix(const T *x, T *cols, long long count, int C, T fill, GEOMETRY) {        \
        im2col<T>(x, cols, count, C, fill, ARGS);                                                                      \
    }                                                                                                                  \
    extern "C" __global__ void col2im_##suffix(const T *cols, T *x, long long count, int C, GEOMETRY) {                \
        col2im<T>(cols, x, count, C, ARGS);                                                                            \
    }                                                                                                                  \
    extern "C" __global__ void dots_in_slices_##suffix(const T *a, const T *b, T *partial, long long count, int M,     \
                                                       int slices, int C) {                                            \
        dots_in_slices<T>(a, b, partial, count, M, slices, C);                                                         \
    }                                                                                                                  \
    extern "C" __global__ void sum_of_slices_##suffix(const T *partial, T *sums, long long count, int slices, int C) { \
        sum_of_slices<T>(partial, sums, count, slices, C);                                                             \
    }
INSTANCE(float, f32)
INSTANCE(double, f64)
