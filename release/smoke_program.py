"""What an installation has to do: run by an environment's own Python, away from the sources.

``python -I smoke_program.py BACKEND...`` with the backends that have to be there.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

import quantforge

EXPECTED = sys.argv[1:]
NATIVE = [name for name in EXPECTED if name in ("rust", "c")]
EXACT = [name for name in EXPECTED if name != "numpy"]
KNOWN = 10.450583572185565667  # 100 at 100, one year, 5 %, 20 %; mpmath
ISAS = ("avx512", "avx2", "baseline")

# Prints the bits of every backend: prices, greeks and volatilities, American ones too.
BITS = """
import sys, numpy as np, quantforge as qf
strikes = np.linspace(50.0, 200.0, 301)
for name in sys.argv[1:]:
    asked = {"spot": 100.0, "strike": strikes, "time": 0.75, "rate": 0.03, "backend": name}
    found = [qf.price(**asked, sigma=0.2, exercise=each) for each in ("european", "american")]
    found += [qf.implied_volatility(found[0], **asked), *qf.greeks(**asked, sigma=0.2).values()]
    print(name, b"".join(np.ascontiguousarray(each).tobytes() for each in found).hex())
"""


def command(*words, **settings):
    """Run the command line of the environment; return what it printed."""
    script = Path(sys.prefix, "bin", "quantforge")
    done = subprocess.run([script, *words], capture_output=True, text=True, check=False, **settings)
    assert done.returncode == 0, f"quantforge {' '.join(words)}: {done.stdout}{done.stderr}"
    return done.stdout


def bits(isa):
    """The bits of the exact backends on one instruction set, by backend."""
    names = EXACT if isa is None else NATIVE
    env = os.environ if isa is None else {**os.environ, "QUANTFORGE_ISA": isa}
    run = [sys.executable, "-I", "-c", BITS, *names]
    done = subprocess.run(run, capture_output=True, text=True, check=False, env=env)
    if isa and "cannot be used here" in done.stderr:
        return {}
    assert done.returncode == 0, done.stderr
    return dict(line.split() for line in done.stdout.splitlines())


assert Path(quantforge.__file__).is_relative_to(sys.prefix), quantforge.__file__

states = {each["name"]: each["state"] for each in json.loads(command("backends", "--json"))}
assert states == dict.fromkeys(EXPECTED, "available"), states

for name in EXPECTED:
    price = quantforge.price(100.0, 100.0, 1.0, 0.05, 0.2, backend=name)
    assert abs(price - KNOWN) <= 4 * np.spacing(KNOWN), (name, price)

if EXACT:
    whole = bits(None)
    assert set(whole) == set(EXACT)
    for found in (whole, *map(bits, ISAS)):
        different = [name for name, each in found.items() if each != whole[EXACT[0]]]
        assert not different, f"other bits than {EXACT[0]}: {different}"

# Numba's kernels were compiled above; doctor would compile all others too, which takes minutes.
compiled = {**os.environ, **({"QUANTFORGE_BLOCK": "numba"} if "numba" in EXPECTED else {})}
findings = json.loads(command("doctor", "--wheel", "--json", env=compiled))
wheels = {each["distribution"]: each["state"] for each in findings["wheels"]}
assert wheels == {f"quantforge-{name}": "intact" for name in ("core", *EXACT)}, wheels

sample = Path(quantforge.__file__).with_name("data") / "sample_chain.csv"
assert "387 of 468 options priced" in command("chain", str(sample))

if NATIVE:
    suite = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--pyargs", "quantforge_conformance"]
    for name in NATIVE:
        words = [*suite, "--backend", name, "--operation", "price", "--quick"]
        done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-3000:]
