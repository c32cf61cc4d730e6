"""What NVRTC makes of kernels.cu has no other operations than are written there. Needs no GPU."""

import re

import nvrtc
import pytest
from quantforge_cuda import source

LIBRARY = nvrtc.library()
ARCHITECTURES = ("80", "90")
ROUNDED = {"add", "sub", "mul", "fma", "div", "rcp", "sqrt"}  # what IEEE 754 rounds
OTHERS = {"neg", "abs", "min", "max", "copysign", "mov", "selp", "setp", "ld", "st", "cvt"}

pytestmark = pytest.mark.skipif(LIBRARY is None, reason="there is no NVRTC")


def instructions(architecture, *options, text=None):
    """The instructions on doubles, as sets of their parts: ``("fma", "rn", "f64")``."""
    given = (*source.options(), f"--gpu-architecture=compute_{architecture}", *options)
    ptx = nvrtc.compiled(LIBRARY, text or source.text(), given, kind="PTX").decode()
    found = re.findall(r"^\s*(?:@!?%p\d+\s+)?(\w+(?:\.\w+)*\.(?:f64|f32)\b[.\w]*)", ptx, re.M)
    assert found
    return [tuple(each.split(".")) for each in found]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_operation_is_rounded_to_nearest(architecture):
    for name, *parts in instructions(architecture):
        assert name in ROUNDED | OTHERS, name
        assert "f32" not in parts, (name, parts)
        assert not {"approx", "ftz", "full", "sat"} & set(parts), (name, parts)
        if name in ROUNDED:
            assert "rn" in parts, (name, parts)  # without, a product may be fused into a sum


def test_an_unrounded_product_would_be_seen():
    loose = [each for each in instructions("80", "--fmad=true") if each[0] in ("mul", "add")]
    assert any("rn" not in each for each in loose)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_no_multiply_add_is_fused_but_those_that_are_written(architecture):
    renamed = (
        'extern "C" __device__ double written(double, double, double);\n'
        "#define fma(x, y, z) written(x, y, z)\n" + source.text()
    )
    given = instructions(architecture, "--relocatable-device-code=true", text=renamed)
    assert "mul" in {name for name, *_ in given}
    assert "fma" not in {name for name, *_ in given}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_it_is_assembled(architecture):
    given = (*source.options(), f"--gpu-architecture=sm_{architecture}")
    assert nvrtc.compiled(LIBRARY, source.text(), given, kind="CUBIN")[:4] == b"\x7fELF"
