//! Elementary functions: the page's file `elementary`.

const lanes = @import("lanes.zig");
const tables = @import("tables.zig");
const V = lanes.V;
const U = lanes.U;
const splat = lanes.splat;
const integer = lanes.integer;
const fma = lanes.fma;
const select = lanes.select;
const toBits = lanes.toBits;
const fromBits = lanes.fromBits;

pub inline fn shift_exponent(x: V, n_magic: V) V {
    return fromBits(toBits(x) +% (toBits(n_magic) << @splat(52)));
}

pub inline fn power_of_two(n: V) V {
    return shift_exponent(splat(1.0), n + splat(tables.ROUND_MAGIC));
}

pub inline fn at_least(x: V, bound: V) V {
    return select(x > bound, x, bound);
}

pub inline fn at_most(x: V, bound: V) V {
    return select(x < bound, x, bound);
}

pub inline fn finite_or_zero(x: V) V {
    return select((x - x) == splat(0.0), x, splat(0.0));
}

pub inline fn times_power(x: V, exponent: V) V {
    const n = at_most(at_least(exponent, splat(-3060.0)), splat(3060.0));
    const magic = splat(tables.ROUND_MAGIC);
    const third = ((n * splat(1.0 / 3.0)) + magic) - magic;
    const power = power_of_two(third);
    return ((x * power) * power) * power_of_two(n - (splat(2.0) * third));
}

pub const Reduced = struct { n: V, n_magic: V, r: V };

pub inline fn reduce(x: V, low: V) Reduced {
    const n_magic = fma(x, splat(tables.LOG2E), splat(tables.ROUND_MAGIC));
    const n = n_magic - splat(tables.ROUND_MAGIC);
    const rest = fma(n, splat(-tables.LN2_HI), x);
    return .{ .n = n, .n_magic = n_magic, .r = fma(n, splat(-tables.LN2_LO), rest) + low };
}

pub inline fn polynomial(comptime c: []const f64, comptime degree: usize, x: V) V {
    const u = x * x;
    var high = splat(c[degree]);
    var low = splat(c[degree - 1]);
    comptime var i = degree - 2;
    inline while (i > 0) : (i -= if (i > 1) 2 else 1) {
        high = fma(high, u, splat(c[i]));
        low = fma(low, u, splat(c[i - 1]));
    }
    if (degree % 2 != 0) return fma(high, x, low);
    return fma(low, x, fma(high, u, splat(c[0])));
}

pub inline fn exp_minus_1(r: V) V {
    return fma(polynomial(&tables.EXP, 9, r), r * r, r);
}

pub inline fn times_exp(x: V, r: V) V {
    return fma(x, exp_minus_1(r), x);
}

pub const Sum = struct { high: V, low: V };

pub const Aligned = struct { y: V, n: V };

pub inline fn aligned(x: V, y: V) Aligned {
    const apart = ((toBits(x) -% toBits(y)) +% integer(1 << 51)) +% integer(1 << 63);
    const n = fromBits((apart >> @splat(52)) | integer(0x4330000000000000)) -
        splat(4503599627372544.0);
    const moved = (toBits(y) +% (apart & integer(~@as(u64, (1 << 52) - 1)))) +% integer(1 << 63);
    return .{ .y = fromBits(moved), .n = n };
}

pub inline fn two_sum(x: V, y: V) Sum {
    const high = x + y;
    const part = high - x;
    return .{ .high = high, .low = (x - (high - part)) + (y - part) };
}

pub inline fn product(x: Sum, y: Sum) Sum {
    const high = x.high * y.high;
    const low = fma(x.high, y.high, -high) + fma(x.high, y.low, x.low * y.high);
    return .{ .high = high + low, .low = low - ((high + low) - high) };
}

pub inline fn log_argument(x: V, near: Aligned) Sum {
    const up = x - near.y;
    const down = x + near.y;
    const per = splat(1.0) / down;
    const s = up * per;
    const down_low = ((x + x) - down) - up;
    return .{ .high = s, .low = fma(-s, down_low, fma(-s, down, up)) * per };
}

pub inline fn log_ratio_sum(s: Sum, n: V) Sum {
    const ahead = splat(tables.ATANH_HIGH[0]);
    const u = s.high * s.high;
    const w = s.high * u;
    const first = w * ahead;
    const w_fused = fma(s.high, fma(s.high, s.high, -u), fma(s.high, u, -w));
    const w_low = fma(splat(3.0) * u, s.low, w_fused);
    const first_low = fma(w_low, ahead, fma(w, ahead, -first));
    const following = polynomial(&tables.ATANH_NEXT, 7, u);
    const rest = fma(w * u, following, fma(w, splat(tables.ATANH_LOW[0]), first_low));
    const whole = n * splat(tables.LN2_HI);
    const two = s.high + s.high;
    const total = whole + two;
    const high = total + first;
    const low = ((whole - total) + two) + ((total - high) + first);
    const rest_low = fma(n, splat(tables.LN2_LO), rest + (s.low + s.low));
    return .{ .high = high, .low = low + rest_low };
}

pub inline fn log_ratio_fine(s: Sum, n: V) Sum {
    const u = product(s, s);
    var p = Sum{ .high = polynomial(&tables.ATANH_REST, 13, u.high), .low = splat(0.0) };
    comptime var i = 5;
    inline while (i > 0) {
        i -= 1;
        const following = product(p, u);
        const whole = two_sum(splat(tables.ATANH_HIGH[i]), following.high);
        p = .{
            .high = whole.high,
            .low = whole.low + (following.low + splat(tables.ATANH_LOW[i])),
        };
    }
    const tail = product(product(s, u), p);
    const whole = two_sum(n * splat(tables.LN2_HI), s.high + s.high);
    const both = two_sum(whole.high, tail.high);
    const rest_low = fma(n, splat(tables.LN2_LO), s.low + s.low);
    const low = both.low + (whole.low + (tail.low + rest_low));
    return .{ .high = both.high + low, .low = low - ((both.high + low) - both.high) };
}

pub inline fn gauss_exponent(x: V, low: V) Reduced {
    const half = splat(-0.5) * x;
    const square = half * x;
    return reduce(square, fma(-x, low, fma(half, x, -square)));
}

pub const Mills = struct { near: V, far: V, slope: V };

pub inline fn mills(near: V, far: V) Mills {
    const c = tables.MILLS;
    const per_near = splat(1.0) / (near + splat(tables.MILLS_SHIFT));
    const per_far = splat(1.0) / (far + splat(tables.MILLS_SHIFT));
    const y_near = (near - splat(tables.MILLS_ZERO)) * per_near;
    const y_far = (far - splat(tables.MILLS_ZERO)) * per_far;
    const u_near = y_near * y_near;
    const u_far = y_far * y_far;
    var even_d = splat(c[24]);
    var odd_d = splat(c[25]);
    var even = fma(even_d, u_far, splat(c[22]));
    var odd = fma(odd_d, u_far, splat(c[23]));
    comptime var i = 22;
    inline while (i > 0) {
        i -= 2;
        even_d = fma(even_d, u_near, even);
        odd_d = fma(odd_d, u_near, odd);
        even = fma(even, u_far, splat(c[i]));
        odd = fma(odd, u_far, splat(c[i + 1]));
    }
    const p = fma(odd, y_far, even);
    const d = fma(y_near + y_far, fma(odd_d, y_near, even_d), odd);
    return .{
        .near = fma(d, y_near - y_far, p) * per_near,
        .far = p * per_far,
        .slope = fma(splat(-tables.MILLS_SPAN) * d, per_near, p) * (per_near * per_far),
    };
}

pub const Ratio = struct { p: V, q: V };

pub inline fn loss(x: V) Ratio {
    return .{
        .p = polynomial(&tables.LOSS_P, 11, x),
        .q = polynomial(&tables.LOSS_Q, 13, x),
    };
}
