"""Conditions of ``when`` and ``scope``: a small closed language over field paths.

``IsWon and RecordType.DeveloperName != 'Partner'``, ``Amount >= 1000.50``, ``Type in ['New', 'Renewal']``,
``empty(PO_Number__c)``. Python's own grammar is parsed, a short list of node kinds is accepted, everything
else is refused; nothing is ever handed to the interpreter. Numbers are exact Decimals from the source text.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from connectors.errors import MappingError, Problem
from connectors.records import Value
from mappings.comparing import equal, is_empty, ordered

MAX_LENGTH = 2000
MAX_NODES = 300
MAX_DEPTH = 25
MAX_DIGITS = 30
MAX_HOPS = 6

Fields = Mapping[str, Value]
Term = Callable[[Fields], Value]
Test = Callable[[Fields], bool]

LITERAL_NAMES: Mapping[str, Value] = {"true": True, "false": False, "null": None, "none": None}
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
HINTS = (
    (re.compile(r"(?<![=!<>])=(?!=)"), "Write == to compare two values."),
    (re.compile(r"<>"), "Write != for 'is not equal'."),
    (re.compile(r"&&|\|\|"), "Write 'and' / 'or'."),
    (re.compile(r"\b(AND|OR|NOT|IN)\b"), "Write and, or, not, in with small letters."),
    (re.compile(r"(^|[^=!<>])!(?!=)"), "Write 'not' for negation."),
)
GENERAL_FIX = (
    "Allowed are field names, texts in quotes, numbers, and, or, not, ==, !=, <, <=, >, >=, in [...] and empty(field)."
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field compared with a fixed value, for checking against the field's type."""

    field: str
    value: Value


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition. ``fields`` are the paths it reads; ``where`` is ``file:line``."""

    text: str
    where: str
    fields: frozenset[str]
    comparisons: tuple[Comparison, ...]
    test: Test = field(repr=False, compare=False)

    def evaluate(self, fields: Fields) -> bool:
        """Return whether the condition holds; a field that is absent counts as empty.

        Values of different types are unequal, and neither is less than the other; the same goes for
        an empty value in a comparison by order.
        """
        return self.test(fields)


def compile_condition(text: str, where: str) -> Condition:
    """Compile a condition.

    Args:
        text: the condition as the admin wrote it.
        where: ``file:line`` of it.

    Raises:
        MappingError: it is not a condition of this language; the problem names file, line and column.
    """
    if len(text) > MAX_LENGTH:
        raise _refused(where, None, f"the condition has {len(text)} characters", f"At most {MAX_LENGTH} are allowed.")
    tree = _parse(text, where)
    _limit(tree, where)
    compiler = _Compiler(text, where)
    test = compiler.test(tree.body)
    return Condition(text, where, frozenset(compiler.fields), tuple(compiler.comparisons), test)


def _refused(where: str, node: ast.AST | None, what: str, fix: str = GENERAL_FIX) -> MappingError:
    column = getattr(node, "col_offset", None)
    place = where if column is None else f"{where}, column {column + 1} of the condition"
    return MappingError([Problem(place, f"{what}.", fix)])


def _parse(text: str, where: str) -> ast.Expression:
    if not text.strip():
        raise _refused(where, None, "the condition is empty")
    flat = re.sub(r"\s", " ", text).strip()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(flat, mode="eval")
    except SyntaxError as error:
        column = f", column {error.offset} of the condition" if error.offset else ""
        raise MappingError([Problem(where + column, "the condition cannot be read.", _hint(text))]) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise _refused(where, None, "the condition cannot be read") from error


def _hint(text: str) -> str:
    outside = re.sub(r"'[^']*'|\"[^\"]*\"", "''", text)
    return next((hint for pattern, hint in HINTS if pattern.search(outside)), GENERAL_FIX)


def _limit(tree: ast.Expression, where: str) -> None:
    count, level = 0, [(tree.body, 1)]
    while level:
        node, depth = level.pop()
        count += 1
        if count > MAX_NODES or depth > MAX_DEPTH:
            raise _refused(where, None, "the condition is too large", "Split it into several rules.")
        level.extend((child, depth + 1) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))


RELATIONS: Mapping[type[ast.cmpop], Callable[[Value, Value], bool]] = {
    ast.Eq: equal,
    ast.NotEq: lambda left, right: not equal(left, right),
    ast.Lt: ordered(lambda sign: sign < 0),
    ast.LtE: ordered(lambda sign: sign <= 0),
    ast.Gt: ordered(lambda sign: sign > 0),
    ast.GtE: ordered(lambda sign: sign >= 0),
}


class _Compiler:
    """Turns accepted nodes into closures and notes which fields they read."""

    def __init__(self, text: str, where: str) -> None:
        self.text = re.sub(r"\s", " ", text).strip()
        self.where = where
        self.fields: set[str] = set()
        self.comparisons: list[Comparison] = []

    def test(self, node: ast.expr) -> Test:
        match node:
            case ast.BoolOp(op=ast.And(), values=parts):
                tests = [self.test(part) for part in parts]
                return lambda fields: all(test(fields) for test in tests)
            case ast.BoolOp(values=parts):
                tests = [self.test(part) for part in parts]
                return lambda fields: any(test(fields) for test in tests)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self.test(operand)
                return lambda fields: not inner(fields)
            case ast.Compare():
                return self.comparison(node)
            case ast.Call():
                return self.empty(node)
            case _:
                term = self.term(node)
                return lambda fields: bool(term(fields))

    def comparison(self, node: ast.Compare) -> Test:
        operands = [node.left, *node.comparators]
        pairs = zip(operands, operands[1:], strict=False)
        tests = [self.compare(left, op, right) for (left, right), op in zip(pairs, node.ops, strict=True)]
        return tests[0] if len(tests) == 1 else lambda fields: all(test(fields) for test in tests)

    def compare(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Test:
        if isinstance(op, ast.In | ast.NotIn):
            return self.membership(left, right, negate=isinstance(op, ast.NotIn))
        relation = RELATIONS.get(type(op))
        if relation is None:
            raise _refused(self.where, right, f"'{_operator(op)}' is not allowed")
        first, second = self.term(left), self.term(right)
        self.note(left, right, second)
        self.note(right, left, first)
        return lambda fields: relation(first(fields), second(fields))

    def membership(self, left: ast.expr, right: ast.expr, *, negate: bool) -> Test:
        if not isinstance(right, ast.List | ast.Tuple):
            fix = "For example: Type in ['New', 'Renewal']."
            raise _refused(self.where, right, "after 'in' there must be a list", fix)
        term = self.term(left)
        members = [self.literal(element) for element in right.elts]
        if isinstance(left, ast.Name | ast.Attribute):
            self.comparisons.extend(Comparison(self.path(left), member) for member in members)
        return lambda fields: any(equal(term(fields), member) for member in members) != negate

    def note(self, name: ast.expr, other: ast.expr, value: Term) -> None:
        fixed = isinstance(other, ast.Constant | ast.UnaryOp) or _is_literal_name(other)
        if isinstance(name, ast.Name | ast.Attribute) and not _is_literal_name(name) and fixed:
            self.comparisons.append(Comparison(self.path(name), value({})))

    def empty(self, node: ast.Call) -> Test:
        named = isinstance(node.func, ast.Name) and node.func.id == "empty"
        if not named or node.keywords or len(node.args) != 1:
            raise _refused(self.where, node, "the only function is empty(field)")
        argument = node.args[0]
        if not isinstance(argument, ast.Name | ast.Attribute):
            raise _refused(self.where, argument, "empty() takes a field name")
        path = self.path(argument)
        return lambda fields: is_empty(fields.get(path))

    def term(self, node: ast.expr) -> Term:
        if isinstance(node, ast.Name | ast.Attribute) and not _is_literal_name(node):
            path = self.path(node)
            return lambda fields: fields.get(path)
        value = self.literal(node)
        return lambda fields: value

    def path(self, node: ast.expr) -> str:
        parts: list[str] = []
        current = node
        while isinstance(current, ast.Attribute):
            parts.append(current.attr)
            current = current.value
        if not isinstance(current, ast.Name):
            raise _refused(self.where, node, "a field is named like Account.Name")
        parts.append(current.id)
        if len(parts) > MAX_HOPS or not all(NAME.match(part) for part in parts):
            raise _refused(self.where, node, f"'{'.'.join(reversed(parts))}' is not a field name")
        path = ".".join(reversed(parts))
        self.fields.add(path)
        return path

    def literal(self, node: ast.expr) -> Value:
        if _is_literal_name(node) and isinstance(node, ast.Name):
            return LITERAL_NAMES[node.id.lower()]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            number = self.literal(node.operand)
            if isinstance(number, Decimal):
                return -number
        if isinstance(node, ast.Constant):
            return self.constant(node)
        raise _refused(self.where, node, "this is not allowed in a condition")

    def constant(self, node: ast.Constant) -> Value:
        value = node.value
        if value is None or isinstance(value, bool | str):
            return value
        if isinstance(value, int | float):
            return self.number(node)
        raise _refused(self.where, node, "this kind of value is not allowed")

    def number(self, node: ast.Constant) -> Decimal:
        source = ast.get_source_segment(self.text, node) or ""
        try:
            number = Decimal(source)
        except InvalidOperation as error:
            raise _refused(self.where, node, f"{source} is not a decimal number") from error
        if len(number.as_tuple().digits) > MAX_DIGITS or abs(number.adjusted()) > MAX_DIGITS:
            raise _refused(self.where, node, "the number is too large or too small")
        return number


def _is_literal_name(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id.lower() in LITERAL_NAMES


def _operator(op: ast.cmpop) -> str:
    return {ast.Is: "is", ast.IsNot: "is not"}.get(type(op), type(op).__name__)
