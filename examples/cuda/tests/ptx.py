"""PTX as C, an instruction to a statement: what NVRTC made for a device can run on the host.

A kernel becomes a function of pointers to its arguments, of the number of blocks and of threads in
each; it runs the threads one after the other. Whatever is not in the tables below is refused.
"""

import re

__all__ = ["as_c", "kernels"]

C_TYPES = {
    "pred": "uint8_t",
    "b8": "uint8_t",
    "u8": "uint8_t",
    "b32": "uint32_t",
    "u32": "uint32_t",
    "s32": "int32_t",
    "b64": "uint64_t",
    "u64": "uint64_t",
    "s64": "int64_t",
    "f64": "double",
}

ROUNDED = {
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul": "{0} * {1}",
    "div": "{0} / {1}",
    "rcp": "1.0 / {0}",
    "sqrt": "sqrt({0})",
    "fma": "fma({0}, {1}, {2})",
}
"""Operations on doubles that are rounded to nearest."""

DOUBLES = {
    "neg": "-{0}",
    "abs": "fabs({0})",
    "copysign": "copysign({1}, {0})",  # the sign of the first
    "min": "lesser({0}, {1})",
    "max": "greater({0}, {1})",
}
"""Those that are never rounded."""

INTEGERS = {
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul.lo": "{0} * {1}",
    "and": "{0} & {1}",
    "or": "{0} | {1}",
    "xor": "{0} ^ {1}",
    "shl": "{1} < 8 * sizeof {0} ? {0} << {1} : 0",
    "shr": "{1} < 8 * sizeof {0} ? {0} >> {1} : {0} < 0 ? -1 : 0",
}

PREDICATES = {"and": "{0} & {1}", "or": "{0} | {1}", "not": "!{0}"}

CONDITIONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}

PRELUDE = """
#include <math.h>
#include <stdint.h>
#include <string.h>

typedef struct { uint32_t tid, ntid, ctaid, nctaid; } Place;

static inline double from_bits(uint64_t bits) { double x; memcpy(&x, &bits, 8); return x; }
static inline uint64_t to_bits(double x) { uint64_t bits; memcpy(&bits, &x, 8); return bits; }

/* A device's NaN, which is not that of a processor. */
static inline double result(double x) { return x == x ? x : from_bits(0x7fffffffffffffff); }

/* A number wins over NaN, and -0 is less than 0. */
static inline double lesser(double x, double y) {
    if (x != x || y != y) return result(x == x ? x : y);
    return x < y || (x == y && signbit(x)) ? x : y;
}
static inline double greater(double x, double y) { return -lesser(-x, -y); }

static inline int32_t truncated(double x) {
    return x != x ? 0 : x <= INT32_MIN ? INT32_MIN : x >= INT32_MAX ? INT32_MAX : (int32_t)x;
}

#define EACH_THREAD(name)                                                        \\
    void name(void *const *arguments, uint32_t blocks, uint32_t threads) {       \\
        for (uint32_t block = 0; block < blocks; block++) {                      \\
            for (uint32_t thread = 0; thread < threads; thread++) {              \\
                name##_of(arguments, (Place){thread, threads, block, blocks});   \\
            }                                                                    \\
        }                                                                        \\
    }
"""


def kernels(ptx):
    """Each kernel of a PTX module: its name, parameters and statements."""
    return re.findall(r"\.visible \.entry (\w+)\(([^)]*)\)\s*\{(.*?)\n\}", ptx, re.S)


def as_c(ptx):
    """The C source of a PTX module's kernels: ``price(arguments, blocks, threads)`` and so on."""
    ptx = re.sub(r"//[^\n]*", "", ptx)
    body = [PRELUDE]
    for size, name, count, values in re.findall(
        r"\.global \.align (\d+) \.b8 (\w+)\[(\d+)\] = \{([^}]*)\};", ptx
    ):
        body.append(
            f"static const uint8_t {name}[{count}] __attribute__((aligned({size}))) = {{{values}}};"
        )
    for name, parameters, statements in kernels(ptx):
        body += _kernel(name, re.findall(r"\w+_param_\d+", parameters), statements)
    return "\n".join(body) + "\n"


def _kernel(name, parameters, statements):
    yield f"\nstatic void {name}_of(void *const *arguments, Place place) {{"
    for number, parameter in enumerate(parameters):
        yield f"    const uint8_t *{parameter} = arguments[{number}];"
    for statement in statements.replace(":\n", ":;\n").split(";"):
        if statement.strip():
            yield "    " + _statement(statement.strip())
    yield "}"
    yield f"EACH_THREAD({name})"


def _statement(text):
    if label := re.fullmatch(r"\$(\w+):", text):
        return f"{label[1]}:;"
    if depot := re.fullmatch(r"\.local \.align (\d+) \.b8\s+(\w+)\[(\d+)\]", text):
        return f"uint8_t {depot[2]}[{depot[3]}] __attribute__((aligned({depot[1]})));"
    if declared := re.fullmatch(r"\.reg \.(\w+)\s+%(\w+)(?:<(\d+)>)?", text):
        kind, name, count = declared.groups()
        names = [f"{name}{number}" for number in range(int(count))] if count else [name]
        return f"{C_TYPES[kind]} {', '.join(names)};"
    guard = re.match(r"@(!?)%(p\d+)\s+", text)
    before = f"if ({guard[1]}{guard[2]}) " if guard else ""
    mnemonic, _, operands = text[guard.end() if guard else 0 :].partition("\t")
    mnemonic = mnemonic.strip()
    return before + _instruction(mnemonic, [each.strip() for each in operands.split(",")])


def _instruction(mnemonic, operands):
    name, *parts = mnemonic.split(".")
    if name == "ret":
        return "return;"
    if name == "bra":
        return f"goto {operands[0].removeprefix('$')};"
    kind = C_TYPES[parts[-1]]
    if name == "ld":
        return f"{_value(operands[0])} = *({kind} *)({_address(operands[1])});"
    if name == "st":
        return f"*({kind} *)({_address(operands[0])}) = {_value(operands[1])};"
    to, *given = map(_value, operands)
    try:
        return f"{to} = {_expression(mnemonic, to, given)};"
    except KeyError as error:
        raise ValueError(f"there is no C for {mnemonic}") from error


def _expression(mnemonic, to, given):
    """What an instruction computes."""
    match mnemonic.split("."):
        case ["mov", "b64"] if given[0].startswith("fd"):
            return f"to_bits({given[0]})"
        case ["mov", "b64"] if to.startswith("fd"):
            return f"from_bits({given[0]})"
        case ["mov", "f64"]:
            return given[0]
        case ["mov", _] | ["cvta", "to", "global", "u64"]:
            return f"(uint64_t){given[0]}"
        case ["selp", _]:
            return f"{given[2]} ? {given[0]} : {given[1]}"
        case ["setp", relation, kind]:
            return _condition(relation, kind, *given)
        case [name, "pred"]:
            return PREDICATES[name].format(*given)
        case ["cvt", "rzi", "s32", "f64"]:
            return f"truncated({given[0]})"
        case ["cvt", to_kind, kind]:
            return f"({C_TYPES[to_kind]})({C_TYPES[kind]}){given[0]}"
        case ["mul", "wide", kind]:
            wide, narrow = C_TYPES[kind.replace("32", "64")], C_TYPES[kind]
            return " * ".join(f"({wide})({narrow}){each}" for each in given)
        case [name, "rn", "f64"]:
            return f"result({ROUNDED[name].format(*given)})"
        case [name, "f64"]:
            return DOUBLES[name].format(*given)
        case [*name, kind]:
            first, *others = given
            return INTEGERS[".".join(name)].format(f"(({C_TYPES[kind]}){first})", *others)


def _condition(relation, kind, left, right):
    if kind != "f64":
        left, right = (f"({C_TYPES[kind]}){each}" for each in (left, right))
    unordered = f"isunordered({left}, {right})"
    if relation in ("nan", "num"):
        return unordered if relation == "nan" else f"!{unordered}"
    if relation.endswith("u") and kind == "f64":
        return f"{unordered} || {left} {CONDITIONS[relation[:-1]]} {right}"
    ordered = f"{left} {CONDITIONS[relation]} {right}"
    return f"!{unordered} && {ordered}" if relation == "ne" and kind == "f64" else ordered


def _value(operand):
    """A register, a place, a number or the address of a variable."""
    if operand.startswith("0d"):
        return f"from_bits(0x{operand[2:]})"
    if place := re.fullmatch(r"%(tid|ntid|ctaid|nctaid)\.x", operand):
        return f"place.{place[1]}"
    if re.fullmatch(r"-?\d+", operand):
        return operand if abs(int(operand)) < 2**31 else f"{int(operand) % 2**64}u"
    if re.fullmatch(r"%?\w+", operand):
        return operand.removeprefix("%")
    raise ValueError(operand)


def _address(operand):
    base, _, offset = operand.strip("[]").partition("+")
    return f"(uint64_t){_value(base)} + {offset or 0}"
