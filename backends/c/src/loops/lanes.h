/* Lanes in blocks: structs of doubles, of which a block holds each field in an array of its own. */
#ifndef QF_LANES_H
#define QF_LANES_H

#include "../machine.h"

enum { LANES = 8, BLOCK = 64 };

/* A loop over the lanes of a block: nothing that it writes is read in it or written twice. An
 * operation is a few such loops, one after the other, each short enough for the processor to
 * overlap several vectors of it. */
#ifdef __clang__
#define INDEPENDENT_LANES _Pragma("clang loop vectorize(assume_safety)")
#else
#define INDEPENDENT_LANES _Pragma("GCC ivdep")
#endif
#define EACH_LANE INDEPENDENT_LANES for (int64_t i = 0; i < n; i++)

#define FIELDS(Lane) (sizeof(Lane) / sizeof(double))

/* A struct of doubles as lanes: read from arrays, as inputs lie; written to arrays, as outputs lie,
 * the fields from `first` up to `end`; and kept in a block for the next loop. */
#define LANES_OF(Lane)                                                                          \
    typedef union {                                                                             \
        Lane lane;                                                                              \
        double fields[FIELDS(Lane)];                                                            \
    } Lane##Fields;                                                                             \
    typedef struct {                                                                            \
        double fields[FIELDS(Lane)][BLOCK];                                                     \
    } Lane##Block;                                                                              \
    QF_INLINE Lane read_##Lane(const double *const *from, int64_t i) {                          \
        Lane##Fields out;                                                                       \
        UNROLLED for (size_t k = 0; k < FIELDS(Lane); k++) out.fields[k] = from[k][i];          \
        return out.lane;                                                                        \
    }                                                                                           \
    QF_INLINE void write_##Lane(double *const *to, int64_t i, Lane lane, size_t first,          \
                                size_t end) {                                                   \
        Lane##Fields in = {lane};                                                               \
        UNROLLED for (size_t k = first; k < end; k++) to[k][i] = in.fields[k];                  \
    }                                                                                           \
    QF_INLINE Lane get_##Lane(const Lane##Block *block, int64_t i) {                            \
        Lane##Fields out;                                                                       \
        UNROLLED for (size_t k = 0; k < FIELDS(Lane); k++) out.fields[k] = block->fields[k][i]; \
        return out.lane;                                                                        \
    }                                                                                           \
    QF_INLINE void put_##Lane(Lane##Block *block, int64_t i, Lane lane) {                       \
        Lane##Fields in = {lane};                                                               \
        UNROLLED for (size_t k = 0; k < FIELDS(Lane); k++) block->fields[k][i] = in.fields[k];  \
    }

#endif
