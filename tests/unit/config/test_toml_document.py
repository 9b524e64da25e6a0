from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from config.document import parse_document, read_document
from config.errors import ConfigError
from config.maps import base_document, base_names, template_files


def test_a_key_that_is_absent_stands_where_its_parent_stands() -> None:
    document = parse_document("\n[company]\nname = 'A'\n", "sync.toml")
    assert document.where(("company", "name")) == "sync.toml:3"
    assert document.where(("company", "zone", "deep")) == "sync.toml:2"
    assert document.where(("other",)) == "sync.toml:1"


def test_fractions_are_exact() -> None:
    assert parse_document("cap = 0.10", "s").values["cap"] == Decimal("0.10")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a = 1\nb =\n", "s.toml:2"),
        ('a = "x\nb = 2', "s.toml:1"),
        ("a = 1\nb = [1,\n", "s.toml:3"),
        ("a = 1\na = 2", "s.toml:2"),
    ],
)
def test_malformed_text_is_told_with_its_line_and_remedy(text: str, where: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_document(text, "s.toml")
    (problem,) = refused.value.problems
    assert problem.where == where
    assert "not valid TOML" in problem.what
    assert "quotes" in problem.fix


def test_a_file_that_is_absent_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"sync\.toml: the file cannot be read: No such file"):
        read_document(tmp_path / "sync.toml", "sync.toml")


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sync.toml"
    path.write_bytes("name = 'Zürich'".encode("latin-1"))
    with pytest.raises(ConfigError, match="UTF-8"):
        read_document(path)


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "sync.toml"
    path.write_bytes(b"\xef\xbb\xbf[a]\r\nb = 1\r\nc = 2\r\n")
    document = read_document(path, "sync.toml")
    assert document.values == {"a": {"b": 1, "c": 2}}
    assert document.where(("a", "c")) == "sync.toml:3"


def test_the_shipped_base_maps_are_found_by_name() -> None:
    assert base_names() == [
        "order_to_cash/account_to_customer",
        "order_to_cash/opportunity_to_invoice",
        "order_to_cash/opportunity_to_sales_order",
    ]
    assert base_document("order_to_cash/account_to_customer").values["target"] == "customer"


def test_an_unknown_base_map_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(LookupError, match="Did you mean 'order_to_cash/account_to_customer'"):
        base_document("order_to_cash/account_customer")


def test_a_newcomer_starts_with_three_files() -> None:
    assert list(template_files()) == ["sync.toml", "mappings/customer.toml", "mappings/sales_order.toml"]
