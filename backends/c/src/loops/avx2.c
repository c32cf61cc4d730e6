/* AVX2 with fused multiply-add four lanes at a time. */
#include <math.h>
#include <stdint.h>
#include <string.h>
#pragma GCC target("avx2,fma")
#define ISA avx2
#include "inner_loops.h"
