"""``quantforge doctor``: what this installation consists of, and whether it works."""

import json

import pytest

import quantforge
from quantforge.cli import doctor

pytest.importorskip("rich")


def test_doctor_tells_versions_machine_arithmetic_threads_and_paths(run):
    ended = run("doctor", "--json")
    findings = json.loads(ended.out)
    assert ended.code == (1 if findings["problems"] else 0)
    assert findings["versions"]["quantforge"] == quantforge.__version__
    assert findings["floating_point"]["rounding"] == "to nearest"
    assert findings["floating_point"]["denormal results"] == "kept"
    assert int(findings["threads"]["budget"]) >= 1
    assert findings["machine"]["instruction sets"]
    assert quantforge.__file__.startswith(findings["paths"]["package"])
    text = run("doctor").out
    for word in ("versions", "machine", "floating point", "threads", "paths", "numpy"):
        assert word in text


def test_doctor_fails_when_a_backend_prices_wrong(run, monkeypatch):
    monkeypatch.setattr(quantforge, "price", lambda *options, backend: 10.4505835721857)
    ended = run("doctor", "--json")
    assert ended.code == 1
    problems = json.loads(ended.out)["problems"]
    assert any("backend numpy prices 10.4505835721857" in problem for problem in problems)


def test_doctor_fails_when_one_operation_of_a_backend_is_broken(run, monkeypatch):
    def kernel(name, operation):
        if operation == "bachelier_greeks":
            raise quantforge.BackendError(f"no {operation}")

    monkeypatch.setattr(doctor.registry(), "kernel", kernel)
    monkeypatch.setattr(quantforge, "price", lambda *options, backend: 10.450583572185565)
    problems = json.loads(run("doctor", "--json").out)["problems"]
    assert "backend numpy: no bachelier_greeks" in problems


def test_doctor_sees_flushing_to_zero():
    """By a number that is only zero when it is flushed."""
    ctypes = pytest.importorskip("ctypes")
    libm = ctypes.CDLL("libm.so.6")
    environment = ctypes.create_string_buffer(32)
    libm.fegetenv(environment)
    saved = environment.raw
    mxcsr = int.from_bytes(saved[28:32], "little")
    flushing = saved[:28] + (mxcsr | 0x8040).to_bytes(4, "little")
    libm.fesetenv(flushing)
    try:
        found = doctor.floating_point()
    finally:
        libm.fesetenv(saved)
    assert found["denormal results"] == "flushed to zero"
    assert found["denormal operands"] == "taken for zero"
    assert doctor.floating_point()["denormal results"] == "kept"
