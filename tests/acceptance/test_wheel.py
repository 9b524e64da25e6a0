"""A wheel built from the repository works in an environment of its own, from an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.acceptance import stage as staging

ROOT = Path(__file__).parents[2]
PACKAGES = ("config", "connectors", "mappings", "journal", "sync", "reconcile", "console", "sandbox")
WRITE_FILES = """
import json, pathlib, sys
from console.commands.demo import write_files
write_files(pathlib.Path.cwd(), json.loads(sys.argv[1]))
"""
WHERE = f"""
import importlib, importlib.metadata, json
packages = {PACKAGES!r}
print(json.dumps({{
    "files": {{name: importlib.import_module(name).__file__ for name in packages}},
    "distribution": str(importlib.metadata.distribution("tieout").locate_file("")),
}}))
"""


def run(*command, cwd=None):
    """Run a program that knows nothing of the repository; return what it printed."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environ, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built with the tools that the repository declares."""
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    (found,) = out.glob("tieout-*.whl")
    return found


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """The folder of programs of a new environment with the wheel and, by reference, what it depends on."""
    home = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", home)
    python = home / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check", "--quiet")
    run(*pip, "install", "--no-deps", "--no-index", wheel, cwd=home)
    ours = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (ours / "dependencies.pth").write_text(f"{dependencies(home / 'dependencies')}\n")
    return python.parent


def dependencies(folder):
    """Make a folder of links to the installed packages, without any trace of this repository's own installation."""
    folder.mkdir()
    for path in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for entry in Path(path).iterdir():
            if "tieout" not in entry.name.lower() and entry.suffix != ".pth":
                (folder / entry.name).symlink_to(entry)
    return folder


def test_a_wheel_holds_every_file_of_the_packages(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if not name.startswith("tieout-")}
    expected = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert expected == held
    assert {Path(name).suffix for name in held} > {".py", ".toml", ".wsdl"}


def test_the_packages_come_from_the_wheel_alone(environment, tmp_path):
    found = json.loads(run(environment / "python", "-c", WHERE, cwd=tmp_path))
    home = environment.parent.resolve()
    places = [*found["files"].values(), found["distribution"]]
    assert [place for place in places if not Path(place).resolve().is_relative_to(home)] == []
    assert len(places) == len(PACKAGES) + 1


def test_the_command_explains_itself_in_an_empty_folder(environment, tmp_path):
    printed = run(environment / "tieout", "--help", cwd=tmp_path)
    assert "Moves won Salesforce deals into NetSuite" in printed
    assert list(tmp_path.iterdir()) == []


def test_check_and_sync_work_from_an_empty_folder(environment, tmp_path, monkeypatch):
    monkeypatch.setattr(staging, "TIEOUT", environment / "tieout")
    for name in [name for name in os.environ if name.startswith("PYTHON")]:
        monkeypatch.delenv(name)
    with staging.staged(tmp_path, staging.BOOKS / "small") as stage:
        office = stage.admin = tmp_path / "office"
        office.mkdir()
        run(environment / "python", "-c", WRITE_FILES, json.dumps(stage.ready), cwd=office)
        assert sorted(path.name for path in office.iterdir()) == ["mappings", "secrets", "sync.toml"]
        assert stage.json("check")["examples"] == 3
        assert stage.json("sync")["counts"]["orders.created"] == 3
        assert len(stage.dump("netsuite", "salesOrder")) == 3
        assert (office / "state" / "tieout.db").is_file()
