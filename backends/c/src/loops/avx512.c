/* AVX-512 eight lanes at a time. */
#include <math.h>
#include <stdint.h>
#include <string.h>
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma,prefer-vector-width=512")
#define ISA avx512
#include "inner_loops.h"
