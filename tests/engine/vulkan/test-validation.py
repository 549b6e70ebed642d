#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kernel and whole models on the software rasteriser under Vulkan's validation, core and synchronisation: any
message is a failure. test-validation.py IS-NEW CHECKED-LOADER MODEL-TEST KERNEL-TEST...

The layers and the rasteriser are a newer Debian's (debian.py); skipped where they cannot be had.
"""

import os
import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "support"))

import debian
import tap

IS_NEW = sys.argv[1] == "true"
CHECKED_LOADER, MODEL_TEST, *KERNEL_TESTS = (pathlib.Path(name).resolve() for name in sys.argv[2:])
MESSAGE = re.compile(r"^Validation (?:.+\n)+", re.MULTILINE)
PASSED = re.compile(r"^ok \d+ (?!.*# skip)", re.IGNORECASE | re.MULTILINE)


# Tests that take little time, and touch all that depends on how many lanes a subgroup has.
QUICK = ("embed", "rms-norm", "store", "chain", "products", "layer-norm", "hadamard", "store-bytes", "bound", "sum-signs",
         "index", "select", "select-lengths", "route", "golden-route")


def open_tree():
    try:
        return debian.make_tree()
    except debian.Missing as reason:
        if os.environ.get("CI"):
            raise
        print(f"1..0 # SKIP {reason}")
        sys.exit(0)


TREE = open_tree()


def validate(command, **more):
    """What a program says, and what the layers say of it."""
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "libvulkan.so.1").symlink_to(CHECKED_LOADER)
        result = TREE.run([str(word) for word in command], checked=True, before=[folder],
                          COLLATE_VULKAN_LOADER=str(TREE.libraries / "libvulkan.so.1"), **more)
        return result, "\n".join(MESSAGE.findall(result.stdout))


def expect_clean(command, **more):
    result, messages = validate(command, **more)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    assert not messages, messages[:4000]
    return result.stdout


def list_tests(program):
    """Paths of a program's tests of kernels on the first device, in each way that it can multiply."""
    return re.findall(r"/engine/kernels/vulkan-0\S*", TREE.run([program, "-l"]).stdout)


def test_kernels():
    for program in KERNEL_TESTS:
        output = expect_clean([program, "--tap", *(word for path in list_tests(program) for word in ("-p", path))])
        assert PASSED.search(output), f"{program.name} tested nothing:\n{output}"


def test_all_ways_are_there():
    """Those included that only newer compilers of shaders know, where the build had one."""
    paths = [path for program in KERNEL_TESTS for path in list_tests(program)]
    for way in ["strips", "tiles", *(["dots", "matrices"] if IS_NEW else [])]:
        assert f"/engine/kernels/vulkan-0-{way}/matmul" in paths, paths


def test_other_subgroups():
    """Of 4 lanes, and of 16."""
    for width in ("128", "512"):
        for program in KERNEL_TESTS:
            paths = [path for path in list_tests(program) if path.rsplit("/", 1)[1] in QUICK]
            if paths:
                words = [word for path in paths for word in ("-p", path)]
                expect_clean([program, "--tap", *words], LP_NATIVE_VECTOR_WIDTH=width)


def test_models():
    output = expect_clean([MODEL_TEST, "--tap"])
    assert PASSED.search(output), f"no model was tested:\n{output}"


def test_a_missing_barrier_is_found():
    chain = [test for test in KERNEL_TESTS if test.name.endswith("rows")]
    result, messages = validate([*chain, "--tap", "-p", "/engine/kernels/vulkan-0/chain"], COLLATE_VULKAN_BARRIERS="none")
    assert "SYNC-HAZARD-READ-AFTER-WRITE" in messages, result
    assert "SYNC-HAZARD-WRITE-AFTER-READ" in messages, result


tap.run(globals())
