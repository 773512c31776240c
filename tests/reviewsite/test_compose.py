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


def test_only_the_proxy_is_reached_from_outside():
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]


@pytest.mark.skipif(not has_compose(), reason="docker has no compose here")
def test_compose_accepts_the_file():
    env = os.environ | {"SECRET_KEY": "a secret", "POSTGRES_PASSWORD": "letters"}
    subprocess.run(["docker", "compose", "-f", COMPOSE, "config", "-q"], env=env, check=True)
