/* What the formulas ask of a compiler: functions inlined into their loop, loops unrolled, the bits
 * of a double; and of <math.h> fma, sqrt, fabs and copysign as instructions. */
#ifndef QF_MACHINE_H
#define QF_MACHINE_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define QF_INLINE static inline __attribute__((always_inline))

/* Before a loop over coefficients or fields: left rolled it would keep the loop over lanes from
 * vectors. */
#define UNROLLED _Pragma("GCC unroll 32")

QF_INLINE uint64_t to_bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

QF_INLINE double from_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

#endif
