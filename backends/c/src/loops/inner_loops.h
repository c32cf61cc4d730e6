/* NumPy's inner loop of every operation, for the instruction set that the including file has
 * chosen; its name is ISA. `data` points to the set of wanted outputs where there is a choice. */
#include "blocks.h"
#include "kernels.h"
#include "operations.h"

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)

#define INNER_LOOP(name, numerics, inputs, outputs, codes)                                     \
    void JOIN(qf_##name, ISA)(char **args, const intptr_t *dims, const intptr_t *steps,        \
                              void *data);                                                     \
    void JOIN(qf_##name, ISA)(char **args, const intptr_t *dims, const intptr_t *steps,        \
                              void *data) {                                                    \
        Kernel kernel = {name##_ordinary_block, name##_general_block, inputs, outputs, codes}; \
        run_blocks(kernel, args, dims[0], steps, data ? *(const int64_t *)data : 1);           \
    }

OPERATIONS(INNER_LOOP)
