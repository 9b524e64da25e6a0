"""SOQL tokens to a tree.

Mixing AND with OR on one level without parentheses is refused, as is anything the sandbox does not know:
a query is never answered on a guess.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.soql_lexer import tokens
from sandbox.salesforce.soql_syntax import (
    Aggregate,
    Compare,
    Condition,
    Fields,
    InList,
    InQuery,
    Junction,
    Literal_,
    Not,
    Order,
    Path,
    Query,
    Token,
    refuse,
)

AGGREGATES = ("COUNT", "COUNT_DISTINCT", "SUM", "MIN", "MAX", "AVG")
KEYWORDS = frozenset(
    ("SELECT", "FROM", "WHERE", "GROUP", "ORDER", "LIMIT", "OFFSET", "AND", "OR", "NOT", "IN", "LIKE", "ASC", "DESC",
     "NULLS", "FIRST", "LAST", "BY", "HAVING", "FOR", "ALL", "WITH", "USING")
)  # fmt: skip


def parse(text: str) -> Query:
    """Return the tree of a query.

    Raises:
        ApiError: MALFORMED_QUERY with the place and the unexpected token.
    """
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.position = 0

    def whole(self) -> Query:
        query = self.query()
        if self.current.kind != "end":
            raise self.unexpected()
        return query

    # tokens

    @property
    def current(self) -> Token:
        return self.tokens[self.position]

    def unexpected(self) -> ApiError:
        return refuse(self.text, self.current.at, f"unexpected token: '{self.current.text}'")

    def take(self) -> Token:
        token = self.current
        self.position += 1
        return token

    def is_word(self, *words: str) -> bool:
        return self.current.kind == "name" and self.current.text.upper() in words

    def accept_word(self, *words: str) -> bool:
        if self.is_word(*words):
            self.position += 1
            return True
        return False

    def expect_word(self, word: str) -> None:
        if not self.accept_word(word):
            raise self.unexpected()

    def accept_mark(self, mark: str) -> bool:
        if self.current.kind == "mark" and self.current.text == mark:
            self.position += 1
            return True
        return False

    def expect_mark(self, mark: str) -> None:
        if not self.accept_mark(mark):
            raise self.unexpected()

    def name(self) -> Token:
        if self.current.kind != "name" or self.current.text.upper() in KEYWORDS:
            raise self.unexpected()
        return self.take()

    def path(self) -> Path:
        token = self.name()
        return Path(tuple(token.text.split(".")), token.at)

    def whole_number(self) -> int:
        if self.current.kind != "number" or not self.current.text.isdigit():
            raise self.unexpected()
        return int(self.take().text)

    # query

    def query(self) -> Query:
        at = self.current.at
        self.expect_word("SELECT")
        select = [self.selected(0)]
        while self.accept_mark(","):
            select.append(self.selected(sum(_is_unnamed(item) for item in select)))
        self.expect_word("FROM")
        source = self.name()
        alias = "" if self.current.kind != "name" or self.current.text.upper() in KEYWORDS else self.take().text
        where = self.condition() if self.accept_word("WHERE") else None
        group_by = self.paths_after("GROUP")
        order_by = self.orders() if self.accept_word("ORDER") else ()
        limit = self.whole_number() if self.accept_word("LIMIT") else None
        offset = self.whole_number() if self.accept_word("OFFSET") else 0
        return Query(
            tuple(select), source.text, source.at, alias, where, group_by, order_by, limit, offset, at
        )  # fmt: skip

    def selected(self, index: int) -> Path | Aggregate | Fields | Query:
        if self.accept_mark("("):
            query = self.query()
            self.expect_mark(")")
            return query
        token = self.current
        path = self.path()
        if not self.accept_mark("("):
            return path
        word = token.text.upper()
        if word == "FIELDS":
            group = self.take().text.upper()
            self.expect_mark(")")
            if group not in ("ALL", "STANDARD", "CUSTOM"):
                raise refuse(self.text, token.at, f"unexpected token: '{group}'")
            return Fields(group, token.at)
        if word not in AGGREGATES:
            raise refuse(self.text, token.at, f"unexpected token: '{token.text}'")
        return self.aggregate(word, index, token.at)

    def aggregate(self, word: str, index: int, at: int) -> Aggregate:
        argument = None if self.current.text == ")" else self.path()
        self.expect_mark(")")
        if argument is None and word != "COUNT":
            raise self.unexpected()
        named = self.current.kind == "name" and self.current.text.upper() not in KEYWORDS
        return Aggregate(word, argument, self.take().text if named else f"expr{index}", at)

    def paths_after(self, word: str) -> tuple[Path, ...]:
        if not self.accept_word(word):
            return ()
        self.expect_word("BY")
        paths = [self.path()]
        while self.accept_mark(","):
            paths.append(self.path())
        return tuple(paths)

    def orders(self) -> tuple[Order, ...]:
        self.expect_word("BY")
        found = [self.order()]
        while self.accept_mark(","):
            found.append(self.order())
        return tuple(found)

    def order(self) -> Order:
        path = self.path()
        descending = self.accept_word("DESC")
        if not descending:
            self.accept_word("ASC")
        nulls_last = False
        if self.accept_word("NULLS"):
            nulls_last = self.is_word("LAST")
            if not self.accept_word("FIRST", "LAST"):
                raise self.unexpected()
        return Order(path, descending, nulls_last)

    # conditions

    def condition(self) -> Condition:
        first = self.term()
        if not self.is_word("AND", "OR"):
            return first
        op: Literal["and", "or"] = "and" if self.is_word("AND") else "or"
        parts = [first]
        while self.accept_word(op.upper()):
            parts.append(self.term())
        if self.is_word("AND", "OR"):
            raise self.unexpected()
        return Junction(op, tuple(parts))

    def term(self) -> Condition:
        if self.accept_word("NOT"):
            return Not(self.term())
        if self.accept_mark("("):
            inner = self.condition()
            self.expect_mark(")")
            return inner
        return self.comparison()

    def comparison(self) -> Condition:
        path = self.path()
        if self.current.kind == "op":
            op = self.take().text
            return Compare(path, "!=" if op == "<>" else op, self.literal())
        if self.accept_word("LIKE"):
            return Compare(path, "like", self.literal())
        negated = self.accept_word("NOT")
        self.expect_word("IN")
        self.expect_mark("(")
        if self.is_word("SELECT"):
            inner = self.query()
            self.expect_mark(")")
            return InQuery(path, negated, inner)
        literals = [self.literal()]
        while self.accept_mark(","):
            literals.append(self.literal())
        self.expect_mark(")")
        return InList(path, negated, tuple(literals))

    def literal(self) -> Literal_:
        token = self.current
        if token.kind in ("string", "date", "datetime"):
            return Literal_(token.kind, self.take().text, token.at)
        if token.kind == "number":
            return Literal_("number", Decimal(self.take().text), token.at)
        if token.kind != "name" or token.text.upper() in KEYWORDS:
            raise self.unexpected()
        return self.word_literal(self.take())

    def word_literal(self, token: Token) -> Literal_:
        word = token.text.upper()
        if word == "NULL":
            return Literal_("null", None, token.at)
        if word in ("TRUE", "FALSE"):
            return Literal_("boolean", word == "TRUE", token.at)
        if self.accept_mark(":"):
            word = f"{word}:{self.whole_number()}"
        return Literal_("dateliteral", word, token.at)


def _is_unnamed(item: object) -> bool:
    """Whether a selected item is an aggregate that got its name (``expr0``) from its place."""
    return isinstance(item, Aggregate) and item.alias.startswith("expr")
