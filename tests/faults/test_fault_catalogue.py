"""The catalogue is complete, its page says the same, and the proof that runs it can fail."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

from tests.faults import page
from tests.faults.catalogue import TESTS, rows

IDS = [f"F{number:02d}" for number in range(1, 92)] + ["F92a", "F92b"]


def test_every_fault_has_one_row_in_order():
    assert [row.id for row in rows()] == IDS


def test_a_row_says_what_happens_and_what_is_done():
    for row in rows():
        assert row.title
        assert row.title[-1] != "."
        assert row.required.endswith(".")
        assert len(set(row.tests)) == len(row.tests), row.id
        assert row.tests or row.note, row.id


def test_every_test_that_a_row_names_exists():
    missing = []
    for row in rows():
        for test in row.tests:
            file, _, name = test.partition("::")
            path = TESTS / file
            if not path.exists() or not re.search(rf"^\s*def {name}\(", path.read_text(encoding="utf-8"), re.MULTILINE):
                missing.append((row.id, test))
    assert missing == []


def test_the_page_of_faults_is_the_catalogue():
    assert page.PAGE.read_text(encoding="utf-8") == page.render(), "write it anew: python -m tests.faults.page"


def test_the_proof_fails_where_a_row_names_a_test_that_does_not_pass(tmp_path):
    (tmp_path / "test_some.py").write_text(
        "import pytest\n"
        "def test_good(): pass\n"
        "def test_bad(): assert False\n"
        "def test_skipped(): pytest.skip('not here')\n"
        "@pytest.mark.parametrize('n', [1, 2])\n"
        "def test_half(n): assert n == 1\n",
        encoding="utf-8",
    )
    script = (
        "import sys, pytest; sys.path.insert(0, sys.argv[1]);"
        "from tests.faults.prove_faults import Chosen;"
        "chosen = Chosen(['test_some.py::test_' + n for n in ('good', 'bad', 'skipped', 'half', 'none', 'half[1]')]);"
        "options = ['-p', 'no:cacheprovider', '-c', '/dev/null', '--rootdir', sys.argv[2], sys.argv[2]];"
        "pytest.main(options, plugins=[chosen]);"
        "print('VERDICT', {name.split('test_')[-1]: chosen.outcome(name) for name in sorted(chosen.ended)})"
    )
    root = Path(__file__).parents[2]
    ran = subprocess.run(
        [sys.executable, "-c", script, str(root), str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
    )
    (verdict,) = [line for line in ran.stdout.splitlines() if line.startswith("VERDICT")]
    assert ast.literal_eval(verdict.removeprefix("VERDICT ")) == {
        "good": "passed", "bad": "failed", "skipped": "skipped", "half": "failed", "none": "missing",
        "half[1]": "passed",
    }  # fmt: skip
