"""The page of single steps is complete: read as it stands, it gives every vector and golden bit.

What follows is a reader of the page's notation that knows what its preface says and nothing else.
"""

import ast
import math
import re
import struct
from collections import namedtuple
from pathlib import Path

import pytest
from quantforge_conformance import steps
from quantforge_conformance.spec.elementary import fma

PAGE = (Path(__file__).parents[2] / "docs" / "bits.md").read_text("utf-8")


class Word(int):
    """An integer of 64 bits that wraps around."""

    def __add__(self, other):
        return Word((int(self) + int(other)) % 2**64)

    def __sub__(self, other):
        return Word((int(self) - int(other)) % 2**64)

    def __and__(self, other):
        return Word(int(self) & int(other))

    def __or__(self, other):
        return Word(int(self) | int(other))

    def __lshift__(self, other):
        return Word((int(self) << int(other)) % 2**64)

    def __rshift__(self, other):
        return Word(int(self) >> int(other))


def from_bits(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def divided(a, b):
    if b == 0.0 and a == a and a != 0.0:
        return math.copysign(math.inf, a) * math.copysign(1.0, b)
    return a / b if b != 0.0 else math.nan


PREFACE = {
    "abs": abs,
    "copysign": math.copysign,
    "divided": divided,
    "fma": fma,
    "from_bits": from_bits,
    "inf": math.inf,
    "isfinite": math.isfinite,
    "isnan": math.isnan,
    "power": lambda n: math.ldexp(1.0, n),
    "select": lambda c, a, b: a if c else b,
    "sqrt": lambda x: math.sqrt(x) if x >= 0.0 else math.nan,
    "to_bits": lambda x: Word(struct.unpack("<Q", struct.pack("<d", x))[0]),
    "true": True,
    "false": False,
}


class Division(ast.NodeTransformer):
    """Division as IEEE 754 has it, where Python raises."""

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        return ast.Call(ast.Name("divided", ast.Load()), [node.left, node.right], [])


REPLACED = (
    (r"\b2\^(-?\d+)", r"power(\1)"),
    (r"\belse if\b", "elif"),
    (r" mod ", " % "),
    (r"([\w.]+) with \(", r"\1._replace("),
    (r"the pairs of (\w+) and (\w+)", r"list(zip(\1, \2))"),
    (r"the fields of (\w+)", r"*\1"),
    (r"\((.*) for each (.*) of (\w+)\)$", r"(*[\1 for \2 in \3])"),
    (r"for (\w+) = (.+), (.+), \.\.\. while above (.+):", r"for \1 in range(\2, \4, \3 - (\2)):"),
    (r"for (\w+) = (.+), (.+), \.\.\. while below (.+):", r"for \1 in range(\2, \4, \3 - (\2)):"),
    (r"for (\w+) = (.+), (.+), \.\.\., (.+):", r"for \1 in range(\2, \4 - 1, \3 - (\2)):"),
)


def code(block):
    """A function of the page as one of Python."""
    signature, _, body = block.partition("\n\n")
    body = body.partition("\n\n")[0]  # what follows says which bits decimals are
    head = re.sub(r": \w+| -> .*", "", signature)
    text = re.sub(r"^ *#.*\n", "", body + "\n", flags=re.M)
    text = re.sub(r"\n {4}(?! *else) *(?=\S)", " ", text)  # a line without a number goes on
    text = re.sub(r"^.{4}", "", text, flags=re.M)
    for pattern, replacement in REPLACED:
        text = re.sub(pattern, replacement, text, flags=re.M)
    indented = "\n".join(f"    {line}" for line in text.splitlines())
    return Division().visit(ast.parse(f"def {head}:\n{indented}"))


def kinds(names):
    """The kinds of fields or arguments, that of a number being said nowhere."""
    return {
        name: kind.strip() or "number" for name, _, kind in (each.partition(":") for each in names)
    }


def number(word):
    return float.fromhex(word) if "x" in word else float(word)


class Page:
    """What the page defines: constants, records and functions."""

    def __init__(self, text):
        self.known = dict(PREFACE)
        self.records, self.arguments = {}, {}
        for title, body in re.findall(r"^##+ (.+?)\n(.*?)(?=^##|\Z)", text, re.S | re.M):
            for block in re.findall(r"^```\n(.*?)^```", body, re.S | re.M)[:1]:
                self.read(title, block)

    def read(self, title, block):
        match title.split():
            case ["File", _]:
                self.constants(block)
            case ["Record", name]:
                self.records[name] = kinds(
                    re.split(r"\s{2,}", line)[0] for line in block.splitlines()
                )
                self.known[name] = namedtuple(name, self.records[name])
            case [name]:
                signature = block.partition("\n")[0]
                self.arguments[name] = kinds(re.search(r"\((.*)\)", signature)[1].split(", "))
                tree = ast.fix_missing_locations(code(block))
                exec(compile(tree, f"bits.md, {name}", "exec"), self.known)

    def constants(self, block):
        name = ""
        for line in block.splitlines():
            if item := re.match(r"    \[ *\d+\]\s+(\S+)", line):
                self.known[name].append(number(item[1]))
            elif listed := re.match(r"(\w+) =(  \(|$)", line):
                name = listed[1]
                self.known[name] = []
            elif nan := re.match(r"(\w+) = from_bits\((\w+)\)", line):
                self.known[nan[1]] = from_bits(int(nan[2], 16))
            else:
                name, word = re.match(r"(\w+) = (\S+)", line).groups()
                self.known[name] = int(word) if word.isdecimal() else number(word)

    def value(self, kind, words):
        """A value from its words, a record field by field."""
        if kind in self.records:
            return self.known[kind](
                *(self.value(each, words) for each in self.records[kind].values())
            )
        word = int(next(words), 16)
        return from_bits(word) if kind == "number" else word

    def computed(self, function, words):
        left = iter(words)
        given = [self.value(kind, left) for kind in self.arguments[function].values()]
        result = self.known[function](*given)
        return [steps.word(each) for _, each in steps.flat("", result)]


@pytest.fixture(scope="module")
def page():
    return Page(PAGE)


@pytest.mark.parametrize("function", sorted(path.stem for path in steps.VECTORS.glob("*.txt")))
def test_a_function_as_the_page_has_it_gives_the_vectors(page, function):
    inputs, _, cases = steps.vectors(function)
    for case in cases:
        assert page.computed(function, case[: len(inputs)]) == case[len(inputs) :], case


@pytest.mark.parametrize("operation", re.findall(r"^### Operation (\S+)$", PAGE, re.M))
def test_an_operation_as_the_page_has_it_gives_the_golden_bits(page, operation):
    inputs = len(page.arguments[operation])
    golden = (steps.VECTORS.parent / "golden" / f"{operation}.txt").read_text("ascii")
    for line in golden.splitlines()[1::5]:
        words = line.split()
        results = page.computed(operation, words[:inputs])
        if operation.endswith("volatility"):  # a code is an integer on the page
            results[1] = steps.word(float(int(results[1], 16)))
        assert results == words[inputs:], line
