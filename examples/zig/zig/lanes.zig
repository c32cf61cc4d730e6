//! The page's notation for `width` options at a time, one in each lane of a vector.

const std = @import("std");

pub const width = 8;

/// A number, an integer and a condition in every lane.
pub const V = @Vector(width, f64);
pub const U = @Vector(width, u64);
pub const Mask = @Vector(width, bool);

pub const inf = splat(@bitCast(@as(u64, 0x7ff0000000000000)));
pub const zero = splat(0.0);
pub const one = splat(1.0);

pub inline fn splat(x: f64) V {
    return @splat(x);
}

pub inline fn integer(n: u64) U {
    return @splat(n);
}

pub inline fn fma(a: V, b: V, c: V) V {
    return @mulAdd(V, a, b, c);
}

/// Field by field where the operands are records.
pub fn select(c: Mask, a: anytype, b: @TypeOf(a)) @TypeOf(a) {
    const T = @TypeOf(a);
    if (T == V) return @select(f64, c, a, b);
    if (T == U) return @select(u64, c, a, b);
    if (T == Mask) return @select(bool, c, a, b);
    var chosen: T = undefined;
    inline for (comptime std.meta.fieldNames(T)) |name| {
        @field(chosen, name) = select(c, @field(a, name), @field(b, name));
    }
    return chosen;
}

pub inline fn isnan(x: V) Mask {
    return x != x;
}

pub inline fn toBits(x: V) U {
    return @bitCast(x);
}

pub inline fn fromBits(n: U) V {
    return @bitCast(n);
}

pub inline fn copysign(x: V, y: V) V {
    const sign = integer(1 << 63);
    return fromBits((toBits(x) & ~sign) | (toBits(y) & sign));
}

/// Whether a condition holds in any lane.
pub inline fn any(c: Mask) bool {
    return @reduce(.Or, c);
}
