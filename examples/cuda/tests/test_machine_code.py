"""The machine code has no fused multiply-adds but those of the PTX, and of NVIDIA's divisions.

A division, a reciprocal and a square root become instructions of their own, some in their place
and others once in a kernel. How many is counted in kernels that have nothing else. Needs no GPU.
"""

import re
import shutil
import subprocess
from collections import Counter
from importlib import metadata

import nvrtc
import ptx
import pytest
from quantforge_cuda import source

ARCHITECTURES = ("80", "90")
EXPANDED = {"div": "x[{0}] / x[{1}]", "rcp": "1.0 / x[{0}]", "sqrt": "sqrt(x[{0}])"}


def disassembler():
    """NVIDIA's, in a package or on the path; None if there is none."""
    try:
        files = metadata.files("nvidia-cuda-nvdisasm") or ()
    except metadata.PackageNotFoundError:
        return shutil.which("nvdisasm")
    return next((str(file.locate()) for file in files if file.name == "nvdisasm"), None)


pytestmark = pytest.mark.skipif(
    nvrtc.library() is None or disassembler() is None, reason="there is no NVRTC or no nvdisasm"
)


def made(text, kind, *options):
    return nvrtc.compiled(nvrtc.library(), text, (*source.options(), *options), kind=kind)


def in_machine_code(folder, text, architecture, *options):
    """How often each instruction stands in each kernel's machine code."""
    file = folder / "kernels.cubin"
    file.write_bytes(made(text, "CUBIN", f"--gpu-architecture=sm_{architecture}", *options))
    listed = subprocess.run([disassembler(), "-c", file], capture_output=True, text=True)
    assert listed.returncode == 0, listed.stderr
    found = {}
    for line in listed.stdout.splitlines():
        if kernel := re.match(r"\s*\.text\.(\S+):", line):
            counted = found[kernel[1]] = Counter()
        elif code := re.match(r"\s+/\*[0-9a-f]+\*/\s+(?:@!?\w+\s+)?([A-Z]\w*(?:\.\w+)*)", line):
            counted[code[1]] += 1
    return found


def in_ptx(text, architecture, *options):
    """How often each operation on doubles stands in each kernel's PTX."""
    module = made(text, "PTX", f"--gpu-architecture=compute_{architecture}", *options).decode()
    return {
        kernel: Counter(re.findall(r"\b(\w+)\.(?:rn\.)?f64\b", statements))
        for kernel, _, statements in ptx.kernels(module)
    }


def expansion(folder, operation, architecture):
    """The fused multiply-adds of an operation: in its place, and once in a kernel."""
    counts = []
    for many in (1, 2):
        lines = (
            f"x[{9 * i}] = {EXPANDED[operation].format(9 * i + 1, 9 * i + 2)};" for i in range(many)
        )
        text = f'extern "C" __global__ void alone(double *x) {{ {" ".join(lines)} }}'
        assert in_ptx(text, architecture)["alone"][operation] == many
        counts.append(in_machine_code(folder, text, architecture)["alone"]["DFMA"])
    one, two = counts
    return two - one, 2 * one - two


def surplus(folder, architecture, *options):
    """By kernel, the fused multiply-adds that neither the PTX nor a division accounts for."""
    code = in_machine_code(folder, source.text(), architecture, *options)
    expansions = {each: expansion(folder, each, architecture) for each in EXPANDED}
    found = {}
    for kernel, written in in_ptx(source.text(), architecture, *options).items():
        due = written["fma"]
        for operation, (each, once) in expansions.items():
            due += each * written[operation] + once * (written[operation] > 0)
        found[kernel] = code[kernel]["DFMA"] - due
    return found


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_assembler_fuses_nothing(tmp_path, architecture):
    found = surplus(tmp_path, architecture)
    assert "price" in found
    assert found == dict.fromkeys(found, 0)


def test_a_fused_product_would_be_seen(tmp_path):
    found = surplus(tmp_path, "80", "--fmad=true")
    assert found["price"] > 0
    assert min(found.values()) >= 0
