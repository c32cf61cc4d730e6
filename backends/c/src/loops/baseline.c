/* Any x86-64: each fused multiply-add is a call of the C library's, right but slow. */
#define ISA baseline
#include "inner_loops.h"
