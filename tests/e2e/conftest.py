"""The fixtures of the end-to-end tests. What they are made of is in world.py."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator

import pytest
from world import FORM_PROVIDERS, PROVIDERS, Api, Simulator, Tenant, World, stack_file


def pytest_configure() -> None:
    if not stack_file().exists():
        pytest.exit(f"no stack is running ({stack_file()}); run: make up", returncode=3)


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    world = World(json.loads(stack_file().read_text()))
    assert world.sim.call("GET", "/health")["clock"] == "real"
    for fault in world.sim.call("GET", "/faults")["faults"]:  # What an interrupted run left behind.
        world.sim.unfault(fault["id"])
    deposit = {"amount": 25, "reference": f"e2e-{secrets.token_hex(6)}"}
    assert world.admin.post("/api/wallet/deposit", deposit).status_code == 201
    deposit = {"amount": 25, "reference": f"e2e-{secrets.token_hex(6)}", "tenantId": "rival"}
    assert world.admin.post("/api/wallet/deposit", deposit).status_code == 201
    yield world


@pytest.fixture(scope="session")
def user(world: World) -> Api:
    return world.user


@pytest.fixture(scope="session")
def sim(world: World) -> Simulator:
    return world.sim


@pytest.fixture
def tenant(world: World) -> Tenant:
    return world.tenant()


@pytest.fixture(params=FORM_PROVIDERS)
def form_provider(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> str:
    return request.param
