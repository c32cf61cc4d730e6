/* European options on a lognormal underlying, as an inner loop of NumPy.

   Of a call and a put, one is out of the money. It is worth

       L phi(near) (M(near) - M(far)),   near = d - v / 2,   far = d + v / 2,

   and the other one as much and the difference of the legs. L is the lesser leg of S exp(-q T) and
   K exp(-r T), v = sigma sqrt(T), d = |ln(S / K) + (r - q) T| / v, phi the normal density, and
   M(x) = N(-x) / phi(x) Mills' ratio. That is Black and Scholes' formula without the difference of
   two numbers that are nearly equal, but for ln(S / K) + (r - q) T itself, whose error is divided
   by v: it is kept below 1e-18. */

#include <fenv.h>
#include <math.h>
#include <stdint.h>

#define SQRT_HALF 0.70710678118654752440
#define SQRT_HALF_PI 1.25331413731550025121
#define INV_SQRT_2PI 0.39894228040143267794
#define PAST 54.0  /* deviations, beyond which phi times any amount underflows */
#define SHORT 1e-3 /* v / 2, below which M(near) - M(far) is a series */

/* Mills' ratio for x >= 0. From 5 on by its continued fraction, Abramowitz and Stegun 26.2.14. */
static double mills(double x) {
    if (x < 5.0) return SQRT_HALF_PI * exp(0.5 * x * x) * erfc(SQRT_HALF * x);
    double fraction = x;
    for (int n = 30; n > 0; n--) fraction = x + n / fraction;
    return 1.0 / fraction;
}

/* M(d - t) - M(d + t) for a small t: by M' = d M - 1 and its derivatives. */
static double drop(double d, double t) {
    double m = mills(d), m1 = d * m - 1.0, m2 = m + d * m1, m3 = 2.0 * m1 + d * m2;
    return -2.0 * t * (m1 + t * t / 6.0 * m3);
}

/* The price of the option that is out of the money. */
static double time_value(double lesser, double d, double v) {
    double t = 0.5 * v, near = d - t, far = d + t;
    if (near > PAST) return 0.0;
    double root = exp(-0.25 * near * near); /* of the density, which alone may underflow */
    if (t < SHORT) return lesser * root * drop(d, t) * root * INV_SQRT_2PI;
    if (near > 0.0) return lesser * root * (mills(near) - mills(far)) * root * INV_SQRT_2PI;
    return lesser * (0.5 * erfc(SQRT_HALF * near) - INV_SQRT_2PI * root * root * mills(far));
}

/* What rounding takes from a + b, by Knuth. */
static double sum_error(double a, double b) {
    double sum = a + b, part = sum - a;
    return (a - (sum - part)) + (b - part);
}

/* ln(S / K) + (r - q) T. Two numbers may cancel here. Where S and K are near each other, what
   rounding takes from them is added last; the logarithm is 2 atanh(s) = 2 s + 2 s^3 / 3 + ... */
static double log_moneyness(double spot, double strike, double time, double rate, double dividend) {
    double grown = rate * time, paid = dividend * time, carry = grown - paid;
    double gap = spot - strike, sum = spot + strike, s = gap / sum;
    if (fabs(gap) >= 0.4 * strike || isinf(sum))
        return 2.0 * log(sqrt(spot) / sqrt(strike)) + carry; /* spot / strike may overflow */
    double lost = fma(rate, time, -grown) - fma(dividend, time, -paid) + sum_error(grown, -paid);
    lost += 2.0 * (fma(-s, sum, gap) - s * sum_error(spot, strike)) / sum;
    double tail = 0.0;
    for (int n = 29; n > 1; n -= 2) tail = tail * s * s + 1.0 / n;
    tail *= 2.0 * s * s * s;
    return 2.0 * s + carry + (sum_error(2.0 * s, carry) + lost + tail);
}

/* amount exp(-rate time). A rate of 0 discounts nothing, however long the time. */
static double discounted(double amount, double rate, double time) {
    double root = rate == 0.0 ? 1.0 : exp(-0.5 * rate * time); /* exp itself may overflow */
    return amount == 0.0 || isinf(amount) ? amount : amount * root * root;
}

/* NaN outside the domain, and where both legs are more than a double holds. */
static double price(double spot, double strike, double time, double rate, double dividend,
                    double sigma, double sign) {
    double v = sigma * sqrt(time);
    if (!(spot >= 0.0 && strike >= 0.0 && time >= 0.0 && sigma >= 0.0) || isnan(v) ||
        !isfinite(rate) || !isfinite(dividend) || fabs(sign) != 1.0 ||
        (isinf(spot) && isinf(strike)))
        return NAN;
    double asset = discounted(spot, dividend, time), cash = discounted(strike, rate, time);
    if (isinf(v) && asset > 0.0 && cash > 0.0 && isinf(asset) == isinf(cash))
        return sign > 0.0 ? asset : cash;
    if (isinf(asset) && isinf(cash)) return NAN;
    double gain = sign * (asset - cash), intrinsic = gain > 0.0 ? gain : 0.0;
    if (v == 0.0 || asset == 0.0 || cash == 0.0 || isinf(asset) || isinf(cash)) return intrinsic;
    double y = log_moneyness(spot, strike, time, rate, dividend);
    return intrinsic + time_value(fmin(asset, cash), fabs(y) / v, v);
}

enum { INPUTS = 7 };

/* Any strides; an output may be an input. The floating-point environment is left as it was found,
   but for *invalid* where an option is outside the domain. NaN that comes in goes out silently. */
void quantforge_price(char **args, const intptr_t *dims, const intptr_t *steps, void *data) {
    (void)data;
    fenv_t found;
    int invalid = 0;
    fegetenv(&found);
    fesetenv(FE_DFL_ENV);
    for (intptr_t i = 0; i < dims[0]; i++) {
        double x[INPUTS];
        int missing = 0;
        for (int j = 0; j < INPUTS; j++) {
            x[j] = *(const double *)(args[j] + i * steps[j]);
            missing |= isnan(x[j]);
        }
        double value = price(x[0], x[1], x[2], x[3], x[4], x[5], x[6]);
        invalid |= isnan(value) && !missing;
        *(double *)(args[INPUTS] + i * steps[INPUTS]) = value;
    }
    fesetenv(&found);
    if (invalid) feraiseexcept(FE_INVALID);
}
