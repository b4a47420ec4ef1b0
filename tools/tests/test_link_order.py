"""tools/link_order: what a program calls is seen, and the linker is told names that are there."""

import os
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).resolve().parent.parent / "link_order"
PROGRAM = """
#include <thread>
#define KEPT __attribute__((noinline, noipa))
KEPT int never() { return 1; }
KEPT int first() { return 2; }
KEPT int elsewhere() { return 3; }
int main(int n, char**) {
  int sum = n > 1 ? never() : first();
  for (int i = 0; i < 1000; ++i) sum += first();
  std::thread([&] { sum += elsewhere(); }).join();
  return sum > 0 ? 7 : 0;
}
"""
NAMES = ("main", "_Z5firstv", "_Z9elsewherev", "_Z5neverv")


@pytest.fixture(name="tool")
def the_tool() -> ModuleType:
    loader = SourceFileLoader("link_order", str(TOOL))
    spec = spec_from_loader("link_order", loader)
    assert spec
    sys.dont_write_bytecode = True
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture(name="program")
def a_program(tmp_path: Path) -> Path:
    source, program = tmp_path / "program.cpp", tmp_path / "program"
    source.write_text(PROGRAM)
    subprocess.run(
        ["g++", "-O1", "-fPIE", "-pie", "-pthread", str(source), "-o", str(program)], check=True
    )
    return program


def test_functions_are_noted_in_the_order_of_their_first_calls(
    program: Path, tmp_path: Path
) -> None:
    out = tmp_path / "called"
    environment = {
        **os.environ,
        "GATEPROOF_TRACED_PROGRAM": str(program),
        "GATEPROOF_CALLED_FUNCTIONS": str(out),
    }
    done = subprocess.run([TOOL], env=environment, timeout=60, check=False)
    called = [name for name in out.read_text().split() if name in NAMES]
    assert called == ["main", "_Z5firstv", "_Z9elsewherev"]
    assert done.returncode == 0


def test_names_are_those_of_the_list_that_are_there(
    tool: ModuleType, program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = tmp_path / "list"
    hashes = [tool.digest(name) for name in ("_Z9elsewherev", "gone", "main")]
    listed.write_text("# a comment\n" + "\n".join(hashes) + "\n")
    monkeypatch.setattr(tool, "LIST", listed)
    tool.write_names(str(program), tmp_path / "out")
    assert (tmp_path / "out").read_text().split() == ["_Z9elsewherev", "main"]
