//! Each function of the page by itself, for the tests: words in, words out, records flat.

const std = @import("std");
const lanes = @import("lanes.zig");

const files = .{
    @import("elementary.zig"),
    @import("legs.zig"),
    @import("price.zig"),
    @import("bachelier_price.zig"),
};

/// The functions that the operations need, in the order of the page.
const names = .{
    .{
        "shift_exponent", "power_of_two", "at_least",     "at_most",       "finite_or_zero",
        "times_power",    "reduce",       "exp_minus_1",  "times_exp",     "aligned",
        "two_sum",        "product",      "log_argument", "log_ratio_sum", "log_ratio_fine",
        "gauss_exponent", "mills",        "loss",
    },
    .{
        "state_of",      "sign_state",  "sigma_state",        "log_moneyness",
        "magnitude",     "scaled",      "discount_exponent",  "discounted",
        "legs_general",  "tails",       "deviation_general",  "tails_at",
        "tails_general", "is_straight", "separation_general", "on_common_scale",
    },
    .{ "time_value", "price_general" },
    .{ "bachelier_time_value", "bachelier_terms_general", "bachelier_price_general" },
};

comptime {
    for (files, names) |file, functions| {
        for (functions) |name| @export(&step(@field(file, name)), .{ .name = "step_" ++ name });
    }
}

fn step(comptime function: anytype) fn ([*]const u64, [*]u64) callconv(.c) void {
    return struct {
        fn call(given: [*]const u64, results: [*]u64) callconv(.c) void {
            var arguments: std.meta.ArgsTuple(@TypeOf(function)) = undefined;
            var in = given;
            inline for (&arguments) |*argument| read(&in, argument);
            var out = results;
            write(&out, @call(.auto, function, arguments));
        }
    }.call;
}

/// Every lane has the same option.
fn read(words: *[*]const u64, value: anytype) void {
    const T = @TypeOf(value.*);
    if (T == lanes.V or T == lanes.U or T == lanes.Mask) {
        const all = lanes.integer(words.*[0]);
        value.* = if (T == lanes.V) lanes.fromBits(all) else if (T == lanes.U) all else all != lanes.integer(0);
        words.* += 1;
    } else inline for (comptime std.meta.fieldNames(T)) |name| read(words, &@field(value, name));
}

fn write(words: *[*]u64, value: anytype) void {
    const T = @TypeOf(value);
    if (T == lanes.V or T == lanes.U or T == lanes.Mask) {
        words.*[0] = if (T == lanes.V) lanes.toBits(value)[0] else if (T == lanes.U) value[0] else @intFromBool(value[0]);
        words.* += 1;
    } else inline for (comptime std.meta.fieldNames(T)) |name| write(words, @field(value, name));
}
