/* AVX2 with fused multiply-add four lanes at a time. */
#include <stdint.h>
#include <string.h>
#pragma GCC target("avx2,fma")
#define ISA avx2
#include "kernels.h"
