"""The notation of docs/bits.md: what the syntax trees of the specification say, without Python.

Expressions have parentheses around every operation that is an operand, statements become numbered
steps. What has no words here is an error, so that no step is lost.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import pairwise
from math import frexp, inf, isfinite
from textwrap import wrap

INDENT, WIDTH = " " * 4, 86

WORD = "MASK"
"""Python's integers are endless: it cuts them to the 64 bits that those of the page have."""

ARITHMETIC = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.Mod: "mod",
}
UNARY = {ast.USub: "-", ast.Invert: "~", ast.Not: "not "}
COMPARISON = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
ATOMIC = re.compile(r"isnan\([\w.]+\)|-?2\^-?\d+")
RENAMED = {"square_root": "sqrt", "math.isfinite": "isfinite", "math.copysign": "copysign"}
VALUES = {"math.inf": "inf", "math.nan": "NaN"}


def number(x: float) -> str:
    """A number in decimal, or as a power of two or hexadecimal that has too many digits there."""
    mantissa, exponent = frexp(x)
    if abs(mantissa) == 0.5 and not -12 < exponent < 50:
        return f"{'-' if x < 0.0 else ''}2^{exponent - 1}"
    return x.hex() if 1e16 <= abs(x) < inf else repr(x)


def is_rounded(x: float) -> bool:
    """Whether a number is not the one that its decimals say."""
    written = number(x)
    return isfinite(x) and "^" not in written and "x" not in written and Decimal(written) != x


def is_division(node: ast.expr) -> bool:
    """Whether an expression is Python's way to write a / b by IEEE 754."""
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "divide"


class Notation:
    """From expressions of the specification to those of the page."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines  # of the source
        self.rounded: dict[str, str] = {}  # decimals, and the bits that are meant

    def __call__(self, node: ast.expr, *, nested: bool = False) -> str:
        """The text of an expression, in parentheses if it is an operand and could be misread."""
        text = self.text(node)
        compound = isinstance(node, ast.BinOp | ast.BoolOp | ast.Compare) or is_division(node)
        return f"({text})" if nested and compound and not ATOMIC.fullmatch(text) else text

    def remarks(self, statement: ast.stmt) -> list[str]:
        """What the source says above a statement and at the end of its first line."""
        return above(self.lines, statement.lineno) + [
            said for said in [comment(self.lines, statement.lineno)] if said
        ]

    def text(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=bool() | str()):
                return str(node.value).lower()
            case ast.Constant(value=float(value)):
                return self.literal(value)
            case ast.Constant(value=int(value)):
                return hex(value) if value > 0xFF else str(value)
            case ast.Name(id=name):
                return name
            case ast.Attribute():
                return self.attribute(node)
            case ast.UnaryOp(op=op, operand=operand):
                return UNARY[type(op)] + self(operand, nested=True)
            case ast.BinOp(op=ast.BitAnd(), left=left, right=ast.Name(id=name)) if name == WORD:
                return self(left)
            case ast.BinOp(op=ast.Pow(), left=left, right=ast.Constant(value=exponent)):
                return number(ast.literal_eval(left) ** exponent)
            case ast.BinOp(op=op, left=left, right=right):
                sign = ARITHMETIC[type(op)]
                return f"{self(left, nested=True)} {sign} {self(right, nested=True)}"
            case ast.BoolOp(op=op, values=values):
                word = " and " if isinstance(op, ast.And) else " or "
                return word.join(self(value, nested=True) for value in values)
            case ast.Compare():
                return self.comparison(node)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return f"select({self(test)}, {self(body)}, {self(orelse)})"
            case ast.Call():
                return self.call(node)
            case ast.Subscript(value=value, slice=index):
                return f"{self(value)}[{self(index)}]"
            case ast.Tuple(elts=elements):
                return f"({', '.join(self(element) for element in elements)})"
            case ast.Starred(value=ast.GeneratorExp() as each):
                return self.every(each)
            case ast.Starred(value=value):
                return f"the fields of {self(value)}"
        raise NotImplementedError(f"no notation for {ast.unparse(node)}")

    def literal(self, value: float) -> str:
        text = number(value)
        if is_rounded(value):
            self.rounded[text] = value.hex()
        return text

    def attribute(self, node: ast.Attribute) -> str:
        name = ast.unparse(node)
        return VALUES.get(name) or RENAMED.get(name) or f"{self(node.value)}.{node.attr}"

    def comparison(self, node: ast.Compare) -> str:
        """A chain as single comparisons, `in` as equality with any, x != x by its meaning."""
        parts = []
        for (left, right), op in zip(
            pairwise([node.left, *node.comparators]), node.ops, strict=True
        ):
            if isinstance(op, ast.In):
                assert isinstance(right, ast.Tuple)
                equal = (f"{self(left)} == {self(one)}" for one in right.elts)
                parts.append(" or ".join(f"({one})" for one in equal))
            elif ast.dump(left) == ast.dump(right):
                negated = "" if isinstance(op, ast.NotEq) else "not "
                parts.append(f"{negated}isnan({self(left)})")
            else:
                sign = COMPARISON[type(op)]
                parts.append(f"{self(left, nested=True)} {sign} {self(right, nested=True)}")
        return parts[0] if len(parts) == 1 else " and ".join(f"({part})" for part in parts)

    def call(self, node: ast.Call) -> str:
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="float"), attr="fromhex"),
                args=[ast.Constant(value=str(digits))],
            ):
                return number(float.fromhex(digits))
            case ast.Call(func=ast.Name(id="any"), args=[ast.GeneratorExp() as each]):
                return self.unrolled(each)
            case ast.Call(func=ast.Name(id="divide"), args=[a, b]):
                return f"{self(a, nested=True)} / {self(b, nested=True)}"
            case ast.Call(func=ast.Attribute(value=value, attr="_replace"), keywords=changes):
                return f"{self(value)} with ({self.named(changes)})"
            case ast.Call(func=ast.Name(id="zip"), args=[a, b]):
                return f"the pairs of {self(a)} and {self(b)}"
            case ast.Call(func=ast.Attribute(value=ast.Dict() as known, attr="get")):
                key, text = (self(argument) for argument in node.args)
                for code, value in reversed(list(zip(known.keys, known.values, strict=True))):
                    assert code is not None
                    text = f"select({key} == {self(code)}, {self(value)}, {text})"
                return text
        name = ast.unparse(node.func)
        given = [self(argument) for argument in node.args]
        given += [self.named(node.keywords)] if node.keywords else []
        return f"{RENAMED.get(name, name)}({', '.join(given)})"

    def named(self, keywords: Iterable[ast.keyword]) -> str:
        return ", ".join(f"{each.arg} = {self(each.value)}" for each in keywords)

    def unrolled(self, each: ast.GeneratorExp) -> str:
        """Whether something holds of any of some values, as a chain of `or`."""
        [loop] = each.generators
        assert isinstance(loop.iter, ast.Tuple)
        assert isinstance(loop.target, ast.Name)
        conditions = []
        for value in loop.iter.elts:
            replaced = Replacement(loop.target.id, value).visit(ast.parse(ast.unparse(each.elt)))
            conditions.append(self(replaced.body[0].value, nested=True))
        return " or ".join(conditions)

    def every(self, each: ast.GeneratorExp) -> str:
        [loop] = each.generators
        return f"{self(each.elt)} for each {self(loop.target)} of {self(loop.iter)}"


class Replacement(ast.NodeTransformer):
    """Puts an expression in the place of a name."""

    def __init__(self, name: str, value: ast.expr) -> None:
        self.name, self.value = name, value

    def visit_Name(self, node: ast.Name) -> ast.expr:  # by the name that ast calls
        return self.value if node.id == self.name else node


Line = tuple[bool, str]
"""Whether a line is a step of its own, and the line."""


def steps(body: Iterable[ast.stmt], say: Notation, depth: int = 0) -> Iterator[Line]:
    """The lines of a function, indented by blocks, with what the source remarks."""
    pad = INDENT * depth
    for statement in body:
        if is_docstring(statement):
            continue
        yield from ((False, f"{pad}# {said}") for said in say.remarks(statement))
        match statement:
            case ast.Return(value=ast.expr() as value):
                yield from broken(f"{pad}return ", value, say)
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                assert not any(
                    names_in(value) & names_in(target)
                    for i, value in enumerate(values)
                    for target in targets[:i]
                ), f"not to be taken one by one: {ast.unparse(statement)}"
                for target, value in zip(targets, values, strict=True):
                    yield from broken(f"{pad}{say(target)} = ", value, say)
            case ast.Assign(targets=targets, value=value):
                names = " = ".join(say(target).strip("()") for target in targets)
                yield from broken(f"{pad}{names} = ", value, say)
            case ast.If():
                yield from choice(statement, say, depth)
            case ast.For(target=target, iter=ast.Call() as iterated, body=inner, orelse=[]):
                yield True, f"{pad}for {say(target)} {counted(iterated, say)}:"
                yield from steps(inner, say, depth + 1)
            case _:
                raise NotImplementedError(f"no notation for {ast.unparse(statement)}")


def choice(statement: ast.If, say: Notation, depth: int) -> Iterator[Line]:
    """An `if` with all that hangs on it."""
    pad = INDENT * depth
    yield True, f"{pad}if {say(statement.test)}:"
    yield from steps(statement.body, say, depth + 1)
    match statement.orelse:
        case [ast.If() as following]:
            (_, line), *rest = choice(following, say, depth)
            yield from [(False, f"{pad}else {line.lstrip()}"), *rest]
        case [_, *_]:
            yield False, f"{pad}else:"
            yield from steps(statement.orelse, say, depth + 1)


def is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def counted(iterated: ast.Call, say: Notation) -> str:
    """What a loop's counter goes through."""
    assert ast.unparse(iterated.func) == "range"
    bounds = [say(each) for each in iterated.args]
    if len(bounds) == 1:
        return f"= 0, 1, ... while below {bounds[0]}"
    start, end, step = bounds
    if not start.isdecimal():
        return f"= {start}, {start} - {step[1:]}, ... while above {end}"
    turns = range(*map(int, bounds))
    return f"= {turns[0]}, {turns[1]}, ..., {turns[-1]}"


def broken(start: str, value: ast.expr, say: Notation, end: str = "") -> Iterator[Line]:
    """A step on one line, or on several where that is too long."""
    line = start + say(value) + end
    pad = " " * (len(start) - len(start.lstrip()))
    if len(line) <= WIDTH:
        yield True, line
    elif isinstance(value, ast.Call) and value.keywords:  # a record, a line for each field
        yield True, f"{start}{say(ast.Call(value.func, [], []))[:-1]}"
        fields = [(pad + INDENT, each) for each in value.args]
        fields += [(f"{pad}{INDENT}{each.arg} = ", each.value) for each in value.keywords]
        for beginning, each in fields:
            yield from ((False, part) for _, part in broken(beginning, each, say, ","))
        yield False, f"{pad}){end}"
    else:
        lines = wrap(line, WIDTH, subsequent_indent=pad + 2 * INDENT, break_long_words=False)
        yield from ((i == 0, each) for i, each in enumerate(lines))


def comment(lines: list[str], line: int) -> str:
    """What the source says at the end of a line."""
    return lines[line - 1].partition("  # ")[2]


def above(lines: list[str], line: int) -> list[str]:
    """The comment on the lines before one."""
    found: list[str] = []
    for each in reversed(lines[: line - 1]):
        if not each.lstrip().startswith("# "):
            break
        found.insert(0, each.strip().removeprefix("# "))
    return found


def names_in(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
