/* NumPy's inner loops of the two operations. The formulas and their limits stand in
 * numpy_backend.py, and the names here are those. */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>

#include <fenv.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { INPUTS = 7, PRICE = 0, DELTA, GAMMA, VEGA, THETA, RHO, PHI, OUTPUTS };

static const double SQRT_2 = 1.4142135623730951, ROOT = 0.3989422804014327;

/* Products and quotients in which nothing of whatever is nothing. */
static double product(double x, double y) { return x == 0.0 || y == 0.0 ? 0.0 : x * y; }
static double quotient(double x, double y) { return x == 0.0 ? 0.0 : x / y; }
static double signum(double x) { return (double)((x > 0.0) - (x < 0.0)); }

/* The limits for s -> 0 at the strike, of all but the price. */
static void at_the_strike(int asset, double T, double drift, double sigma, double p, double earned,
                          double *out) {
    int expired = T == 0.0;
    double side = p > 0.0 ? INFINITY : p < 0.0 ? -INFINITY : 0.0;
    double wider = sigma * sigma / 2.0 * (asset ? -1.0 : 1.0);
    out[DELTA] = side;
    out[GAMMA] = product(-side, expired ? signum(drift + wider) : asset ? -1.0 : 1.0);
    out[VEGA] = expired ? 0.0 : p * sqrt(T) * (asset ? 0.5 : -0.5);
    out[THETA] = product(-side, signum(expired ? drift - wider : drift)) + earned;
    out[RHO] = expired ? 0.0 : side;
    out[PHI] = expired ? 0.0 : -side;
}

/* All results of an option within the domain; the price alone where nothing else is wanted. */
static void compute(int asset, const double *in, int64_t wanted, double *out) {
    double S = in[0], K = in[1], T = in[2], r = in[3], q = in[4], sigma = in[5], sign = in[6];
    double s = sigma * sqrt(T), ratio = S / K;
    int is_normal = ratio > 1e-300 && ratio < 1e300;
    double moneyness = is_normal ? log(ratio) : log(S) - log(K);
    double forward = isinf(moneyness) ? moneyness : moneyness + product(r - q, T);
    int at_strike = s == 0.0 && forward == 0.0;
    double centre = at_strike ? 0.0 : forward / s;
    double d1 = isinf(forward) ? forward : centre + s / 2.0;
    double d2 = isinf(forward) ? forward : centre - s / 2.0;
    double x = asset ? d1 : d2, y = asset ? d2 : d1;
    double discount = product(asset ? q : r, T), unit = asset ? S : 1.0;
    double n = erfc(-sign * x / SQRT_2) / 2.0, factor = exp(-discount);
    double value = product(product(unit, factor), n);
    out[PRICE] = value;
    if (wanted == 1 << PRICE) return;
    double density = sign * ROOT * (isinf(x) ? 0.0 : exp(-x * x / 2.0 - discount));
    double p = product(unit, density), earned = product(asset ? q : r, value);
    if (at_strike) {
        at_the_strike(asset, T, r - q, sigma, p, earned, out);
        return;
    }
    double slope = quotient(asset ? density : quotient(density, S), s);
    double drift = quotient(p, s) * T;
    out[DELTA] = slope + (asset ? product(n, factor) : 0.0);
    out[GAMMA] = product(-slope, quotient(quotient(y, S), s));
    out[VEGA] = product(-quotient(p, sigma), y);
    out[THETA] = earned - (product(quotient(p, s), r - q) - product(quotient(p, T), y) / 2.0);
    out[RHO] = drift - (asset ? 0.0 : product(T, value));
    out[PHI] = -drift - (asset ? product(T, value) : 0.0);
}

static int is_inside(const double *in) {
    for (int j = 0; j < INPUTS; j++) {
        if (!isfinite(in[j])) return 0;
    }
    return in[0] >= 0.0 && in[1] >= 0.0 && in[2] >= 0.0 && in[5] >= 0.0 && fabs(in[6]) == 1.0 &&
           (in[0] > 0.0 || in[1] > 0.0);
}

/* All options of a batch. `data` points to the set of outputs that are wanted, bit i for the i-th;
 * these alone are operands. A lane is read before it is written: an output may be an input. */
static void run(int asset, char **args, const intptr_t *dims, const intptr_t *steps, void *data) {
    int64_t wanted = data ? *(const int64_t *)data : (1 << OUTPUTS) - 1;
    int invalid = 0;
    fenv_t before; /* rounding and signals of the caller's, who is to see *invalid* alone */
    feholdexcept(&before);
    fesetround(FE_TONEAREST);
    for (intptr_t i = 0; i < dims[0]; i++) {
        double in[INPUTS], out[OUTPUTS];
        int missing = 0, place = INPUTS, lost = 0;
        for (int j = 0; j < INPUTS; j++) {
            memcpy(&in[j], args[j] + i * steps[j], sizeof in[j]);
            missing |= isnan(in[j]);
        }
        int inside = is_inside(in);
        if (inside) compute(asset, in, wanted, out);
        for (int j = 0; j < OUTPUTS; j++) {
            if (!(wanted >> j & 1)) continue;
            double result = inside && !isnan(out[j]) ? out[j] : NAN;
            lost |= isnan(result);
            memcpy(args[place] + i * steps[place], &result, sizeof result);
            place++;
        }
        invalid |= lost && !missing;
    }
    fesetenv(&before);
    if (invalid) feraiseexcept(FE_INVALID);
}

static void cash_or_nothing(char **args, const intptr_t *dims, const intptr_t *steps, void *data) {
    run(0, args, dims, steps, data);
}

static void asset_or_nothing(char **args, const intptr_t *dims, const intptr_t *steps, void *data) {
    run(1, args, dims, steps, data);
}

static int add_loops(PyObject *module) {
    PyObject *cash = PyLong_FromVoidPtr((void *)(uintptr_t)cash_or_nothing);
    PyObject *asset = PyLong_FromVoidPtr((void *)(uintptr_t)asset_or_nothing);
    int failed = PyModule_AddObjectRef(module, "cash_or_nothing", cash) ||
                 PyModule_AddObjectRef(module, "asset_or_nothing", asset);
    Py_XDECREF(cash);
    Py_XDECREF(asset);
    return failed ? -1 : 0;
}

PyMODINIT_FUNC PyInit__loops(void) {
    static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)(uintptr_t)add_loops}, {0, NULL}};
    static PyModuleDef module = {
        .m_base = PyModuleDef_HEAD_INIT, .m_name = "_loops", .m_slots = slots};
    return PyModuleDef_Init(&module);
}
