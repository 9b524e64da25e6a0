"""The unit file and the container file keep the promises of the security rules."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from config.settings import ServiceSettings

DEPLOY = Path(__file__).parents[3] / "deploy"
UNIT = (DEPLOY / "systemd" / "tieout.service").read_text(encoding="utf-8")
CONTAINER = (DEPLOY / "container" / "Containerfile").read_text(encoding="utf-8")


def setting(name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", UNIT, re.MULTILINE)


def test_the_unit_is_hardened() -> None:
    for name, value in {
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "PrivateTmp": "yes",
        "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
        "CapabilityBoundingSet": "",
        "UMask": "0077",
        "StateDirectoryMode": "0700",
        "User": "tieout",
        "Restart": "on-failure",
    }.items():
        assert setting(name) == [value], name
    assert setting("SystemCallFilter")[0] == "@system-service"


def test_the_stop_waits_longer_than_the_service_itself() -> None:
    (patience,) = setting("TimeoutStopSec")
    assert int(patience.removesuffix("s")) > ServiceSettings().stop_within.total_seconds()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
def test_systemd_understands_the_unit() -> None:
    command = ["systemd-analyze", "verify", "--man=no", str(DEPLOY / "systemd" / "tieout.service")]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    assert "Unknown" not in told


def test_the_container_runs_as_nobody_and_holds_no_secret() -> None:
    assert re.search(r"^USER 10001:10001$", CONTAINER, re.MULTILINE)
    assert "HEALTHCHECK" in CONTAINER
    assert "STOPSIGNAL SIGTERM" in CONTAINER
    assert f":{ServiceSettings().port}/healthz" in CONTAINER
    assert not re.search(r"(?i)(secret|password|token)\s*=", CONTAINER)


def test_the_container_copies_every_package_of_the_program() -> None:
    project = (DEPLOY.parent / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r"\[tool\.hatch\.build\.targets\.wheel\]\npackages = \[(.*?)\]", project)
    assert found is not None
    packages = re.findall(r'"(\w+)"', found[1])
    assert packages == re.findall(r"^COPY (\w+) \./\w+$", CONTAINER, re.MULTILINE)
