/* The kernels for the instruction set that the including file has chosen; its name is ISA. */
#include "bachelier_greeks.h"
#include "bachelier_implied_volatility.h"
#include "bachelier_price.h"
#include "greeks.h"
#include "implied_volatility.h"
#include "price.h"

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)

/* NumPy's inner loop; `data` points to the set of wanted outputs where there is a choice. */
#define KERNEL(name, inputs, outputs, codes)                                                     \
    void JOIN(qf_##name, ISA)(char **args, const intptr_t *dims, const intptr_t *steps,          \
                              void *data);                                                       \
    void JOIN(qf_##name, ISA)(char **args, const intptr_t *dims, const intptr_t *steps,          \
                              void *data) {                                                      \
        int64_t wanted = data ? *(const int64_t *)data : 1;                                      \
        Kernel kernel = {name##_ordinary, name##_general, inputs, outputs, codes};               \
        run_blocks(kernel, args, dims[0], steps, wanted);                                        \
    }

KERNEL(price, 7, 1, 0)
KERNEL(greeks, 7, __builtin_popcountll((uint64_t)wanted), 0)
KERNEL(implied_volatility, 7, wanted == 3 ? 2 : 1, wanted >> 1 & 1)
KERNEL(bachelier_price, 6, 1, 0)
KERNEL(bachelier_greeks, 6, __builtin_popcountll((uint64_t)wanted), 0)
KERNEL(bachelier_implied_volatility, 6, wanted == 3 ? 2 : 1, wanted >> 1 & 1)
