// European options on a lognormal underlying, as an inner loop of NumPy.
//
// Of a call and a put, one is out of the money. It is worth
//
//     L phi(near) (M(near) - M(far)),   near = d - v / 2,   far = d + v / 2,
//
// and the other one as much and the difference of the legs. L is the lesser leg of S exp(-q T) and
// K exp(-r T), v = sigma sqrt(T), d = |ln(S / K) + (r - q) T| / v, phi the normal density, and
// M(x) = N(-x) / phi(x) Mills' ratio. That is Black and Scholes' formula without the difference of
// two numbers that are nearly equal, but for ln(S / K) + (r - q) T itself, whose error is divided
// by v: it is kept below 1e-18.

#include <array>
#include <cfenv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <tuple>

namespace {

constexpr double sqrt_half = 0.70710678118654752440;
constexpr double sqrt_half_pi = 1.25331413731550025121;
constexpr double inv_sqrt_2pi = 0.39894228040143267794;
constexpr double past = 54.0;  // deviations, beyond which phi times any amount underflows
constexpr double brief = 1e-3; // v / 2, below which M(near) - M(far) is a series
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// Mills' ratio for x >= 0. From 5 on by its continued fraction, Abramowitz and Stegun 26.2.14.
double mills(double x) {
    if (x < 5.0) return sqrt_half_pi * std::exp(0.5 * x * x) * std::erfc(sqrt_half * x);
    double fraction = x;
    for (int n = 30; n > 0; n--) fraction = x + n / fraction;
    return 1.0 / fraction;
}

// M(d - t) - M(d + t) for a small t: by M' = d M - 1 and its derivatives.
double drop(double d, double t) {
    double m = mills(d), m1 = d * m - 1.0, m2 = m + d * m1, m3 = 2.0 * m1 + d * m2;
    return -2.0 * t * (m1 + t * t / 6.0 * m3);
}

// The price of the option that is out of the money.
double time_value(double lesser, double d, double v) {
    double t = 0.5 * v, near = d - t, far = d + t;
    if (near > past) return 0.0;
    double root = std::exp(-0.25 * near * near); // of the density, which alone may underflow
    if (t < brief) return lesser * root * drop(d, t) * root * inv_sqrt_2pi;
    if (near > 0.0) return lesser * root * (mills(near) - mills(far)) * root * inv_sqrt_2pi;
    return lesser * (0.5 * std::erfc(sqrt_half * near) - inv_sqrt_2pi * root * root * mills(far));
}

// What rounding takes from a + b, by Knuth.
double sum_error(double a, double b) {
    double sum = a + b, part = sum - a;
    return (a - (sum - part)) + (b - part);
}

// ln(S / K) + (r - q) T. Two numbers may cancel here. Where S and K are near each other, what
// rounding takes from them is added last; the logarithm is 2 atanh(s) = 2 s + 2 s^3 / 3 + ...
double log_moneyness(double spot, double strike, double time, double rate, double dividend) {
    double grown = rate * time, paid = dividend * time, carry = grown - paid;
    double gap = spot - strike, sum = spot + strike, s = gap / sum;
    if (std::abs(gap) >= 0.4 * strike || std::isinf(sum))
        return 2.0 * std::log(std::sqrt(spot) / std::sqrt(strike)) +
               carry; // spot / strike may overflow
    double lost =
        std::fma(rate, time, -grown) - std::fma(dividend, time, -paid) + sum_error(grown, -paid);
    lost += 2.0 * (std::fma(-s, sum, gap) - s * sum_error(spot, strike)) / sum;
    double tail = 0.0;
    for (int n = 29; n > 1; n -= 2) tail = tail * s * s + 1.0 / n;
    tail *= 2.0 * s * s * s;
    return 2.0 * s + carry + (sum_error(2.0 * s, carry) + lost + tail);
}

// amount exp(-rate time). A rate of 0 discounts nothing, however long the time.
double discounted(double amount, double rate, double time) {
    double root = rate == 0.0 ? 1.0 : std::exp(-0.5 * rate * time); // exp itself may overflow
    return amount == 0.0 || std::isinf(amount) ? amount : amount * root * root;
}

// NaN outside the domain, and where both legs are more than a double holds.
double price(double spot, double strike, double time, double rate, double dividend, double sigma,
             double sign) {
    double v = sigma * std::sqrt(time);
    if (!(spot >= 0.0 && strike >= 0.0 && time >= 0.0 && sigma >= 0.0) || std::isnan(v) ||
        !std::isfinite(rate) || !std::isfinite(dividend) || std::abs(sign) != 1.0 ||
        (std::isinf(spot) && std::isinf(strike)))
        return nan;
    double asset = discounted(spot, dividend, time), cash = discounted(strike, rate, time);
    if (std::isinf(v) && asset > 0.0 && cash > 0.0 && std::isinf(asset) == std::isinf(cash))
        return sign > 0.0 ? asset : cash;
    if (std::isinf(asset) && std::isinf(cash)) return nan;
    double gain = sign * (asset - cash), intrinsic = gain > 0.0 ? gain : 0.0;
    if (v == 0.0 || asset == 0.0 || cash == 0.0 || std::isinf(asset) || std::isinf(cash))
        return intrinsic;
    double y = log_moneyness(spot, strike, time, rate, dividend);
    return intrinsic + time_value(std::fmin(asset, cash), std::abs(y) / v, v);
}

// The loop of a function of so many inputs, with any strides; the output may be an input. The
// floating-point environment is left as it was found, but for *invalid* where an option is outside
// the domain. NaN that comes in goes out in silence.
template <std::size_t inputs, class Function>
void loop(Function function, char **args, const std::intptr_t *dims, const std::intptr_t *steps) {
    std::fenv_t found;
    bool invalid = false;
    std::fegetenv(&found);
    std::fesetenv(FE_DFL_ENV);
    for (std::intptr_t i = 0; i < dims[0]; i++) {
        std::array<double, inputs> x;
        bool missing = false;
        for (std::size_t j = 0; j < inputs; j++) {
            x[j] = *reinterpret_cast<const double *>(args[j] + i * steps[j]);
            missing |= std::isnan(x[j]);
        }
        double value = std::apply(function, x);
        invalid |= std::isnan(value) && !missing;
        *reinterpret_cast<double *>(args[inputs] + i * steps[inputs]) = value;
    }
    std::fesetenv(&found);
    if (invalid) std::feraiseexcept(FE_INVALID);
}

} // namespace

extern "C" void quantforge_price(char **args, const std::intptr_t *dims, const std::intptr_t *steps,
                                 void *) {
    loop<7>(price, args, dims, steps);
}
