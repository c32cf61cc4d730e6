/* Facts about this build and this processor. */
#include <string.h>

int qf_supported(const char *isa);
const char *qf_build(void);
void qf_read_boundary(const double *table);

extern const double *qf_boundary;
const double *qf_boundary;

void qf_read_boundary(const double *table) { qf_boundary = table; }

int qf_supported(const char *isa) {
    __builtin_cpu_init();
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (strcmp(isa, "baseline") == 0) return 1;
    if (strcmp(isa, "avx2") == 0) return avx2;
    if (strcmp(isa, "avx512") == 0) {
        return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
    }
    return 0;
}

const char *qf_build(void) {
#ifdef __OPTIMIZE__
    return "release";
#else
    return "debug";
#endif
}
