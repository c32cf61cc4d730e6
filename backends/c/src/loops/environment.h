/* The floating-point environment of a loop: MXCSR. */
#ifndef QF_ENVIRONMENT_H
#define QF_ENVIRONMENT_H

#include "../machine.h"

/* Round to nearest, gradual underflow, no traps, whatever the caller's thread has set. */
QF_INLINE unsigned enter_environment(void) {
    unsigned saved = __builtin_ia32_stmxcsr();
    if ((saved & 0xffc0u) != 0x1f80u) __builtin_ia32_ldmxcsr(0x1f80u);
    return saved;
}

/* Discarded lanes leave signals behind: restore the caller's, and add *invalid* if it is true. */
QF_INLINE void leave_environment(unsigned saved, int64_t invalid) {
    __builtin_ia32_ldmxcsr(saved | (invalid ? 1u : 0u));
}

#endif
