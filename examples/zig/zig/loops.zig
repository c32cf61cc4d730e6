//! NumPy's inner loops: vectors of options out of operands with any strides, results back.

const lanes = @import("lanes.zig");
const legs = @import("legs.zig");
const price = @import("price.zig");
const bachelier_price = @import("bachelier_price.zig");
const width = lanes.width;
const V = lanes.V;

const Args = [*]const [*]u8;
const Sizes = [*]const isize;

export fn quantforge_price(args: Args, dims: Sizes, steps: Sizes, _: ?*anyopaque) callconv(.c) void {
    loop(7, price.price, args, dims[0], steps);
}

export fn quantforge_bachelier_price(
    args: Args,
    dims: Sizes,
    steps: Sizes,
    _: ?*anyopaque,
) callconv(.c) void {
    loop(6, bachelier_price.bachelier_price, args, dims[0], steps);
}

/// Evaluate a function of vectors for every option. Lanes past the end repeat the last option.
inline fn loop(
    comptime inputs: usize,
    comptime function: fn ([inputs]V) price.Result,
    args: Args,
    count: isize,
    steps: Sizes,
) void {
    const callers = control();
    setControl(default_control);
    var invalid = false;
    var first: isize = 0;
    while (first < count) : (first += width) {
        const present = @min(count - first, width);
        var x: [inputs]V = undefined;
        inline for (&x, 0..) |*operand, i| {
            var numbers: [width]f64 = undefined;
            for (&numbers, 0..) |*number, lane| {
                const at = first + @min(@as(isize, @intCast(lane)), present - 1);
                number.* = element(args[i], at * steps[i]).*;
            }
            operand.* = numbers;
        }
        const result = function(x);
        invalid = invalid or lanes.any(result.state == legs.INVALID); // and no NaN came in
        const numbers: [width]f64 = result.value;
        for (0..@intCast(present)) |lane| {
            const at = first + @as(isize, @intCast(lane));
            element(args[inputs], at * steps[inputs]).* = numbers[lane];
        }
    }
    // What discarded lanes have signalled is nobody's concern.
    setControl(if (invalid) callers | invalid_signal else callers);
}

inline fn element(start: [*]u8, offset: isize) *align(1) f64 {
    return @ptrFromInt(@intFromPtr(start) +% @as(usize, @bitCast(offset)));
}

// The control and status word of x86's floating-point unit: to nearest, subnormal numbers as they
// are, signals masked. The clobbers keep loads and stores, and all between them, on their side.
const default_control: u32 = 0x1f80;
const invalid_signal: u32 = 1;

inline fn control() u32 {
    var word: u32 = 0;
    asm volatile ("stmxcsr (%[at])"
        :
        : [at] "r" (&word),
        : .{ .memory = true });
    return word;
}

inline fn setControl(word: u32) void {
    asm volatile ("ldmxcsr (%[at])"
        :
        : [at] "r" (&word),
        : .{ .memory = true });
}
