import os
import re
import shutil
import subprocess

import pytest
import yaml
from django.conf import settings

COMPOSE = settings.BASE_DIR / "docker-compose.yml"


def has_compose() -> bool:
    return (
        bool(shutil.which("docker"))
        and subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0
    )


def test_every_process_of_the_demo_is_a_service():
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    assert set(services) == {
        "migrate",
        "proxy",
        "web",
        "worker-deliver",
        "worker-deliver-slow",
        "worker-work",
        "worker-jobs",
        "beat",
        "postgres",
        "redis",
    }


def test_every_variable_is_one_that_the_settings_read():
    read = set(
        re.findall(r'env\.\w+\("(\w+)"', (settings.BASE_DIR / "reviewsite" / "settings.py").read_text())
    )
    assert set(yaml.safe_load(COMPOSE.read_text())["x-app"]["environment"]) - read == set()


def test_the_example_of_an_env_file_has_every_setting():
    """Those of a site: not what the image and its containers set."""
    lines = (settings.BASE_DIR / "deploy/env.example").read_text().splitlines()
    named = {line.lstrip("#").partition("=")[0] for line in lines if "=" in line}
    page = (settings.BASE_DIR / "docs/reference/settings.md").read_text()
    rows = re.findall(r"^\| (`[^|]+) \|", page, re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}

    assert documented - named == {
        "DEBUG",
        "DEMO",
        "DATA",
        "PORT",
        "STATIC_ROOT",
        "ALIVE_FILE",
        "PROMETHEUS_MULTIPROC_DIR",
    }
    assert named - documented == {"POSTGRES_PASSWORD"}


def test_systemd_starts_every_process_of_compose():
    folder = settings.BASE_DIR / "deploy/systemd"
    wanted = re.findall(r"countersign@([\w-]+)\.service", (folder / "countersign.target").read_text())
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    started = [
        service["command"][0] for service in services.values() if service.get("image") == "countersign"
    ]

    assert sorted(wanted) == sorted({*started} - {"migrate"})


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not here")
def test_systemd_takes_the_units(tmp_path):
    for unit in (settings.BASE_DIR / "deploy/systemd").iterdir():
        text = unit.read_text().replace("/opt/countersign", str(settings.BASE_DIR))
        (tmp_path / unit.name).write_text(text.replace("User=countersign", "User=root"))
    units = [tmp_path / "countersign@web.service", tmp_path / "countersign.target"]
    checked = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True)

    assert (checked.returncode, checked.stderr) == (0, "")


def test_only_the_proxy_is_reached_from_outside():
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]


@pytest.mark.skipif(not has_compose(), reason="docker has no compose here")
def test_compose_accepts_the_file():
    env = os.environ | {"SECRET_KEY": "a secret", "POSTGRES_PASSWORD": "letters"}
    subprocess.run(["docker", "compose", "-f", COMPOSE, "config", "-q"], env=env, check=True)
