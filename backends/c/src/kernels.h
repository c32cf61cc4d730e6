/* The kernels for the instruction set that the including file has chosen; its name is ISA. */
#include "blocks.h"
#include "price.h"

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)

void JOIN(qf_price, ISA)(char **args, const intptr_t *dims, const intptr_t *steps, void *data);

void JOIN(qf_price, ISA)(char **args, const intptr_t *dims, const intptr_t *steps, void *data) {
    (void)data;
    run_blocks(price_block, PRICE_INPUTS, 1, args, dims[0], steps);
}
