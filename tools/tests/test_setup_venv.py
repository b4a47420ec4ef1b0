import subprocess
from pathlib import Path

from conftest import TOOLS


def test_it_makes_an_environment_that_finds_the_tree(tmp_path: Path) -> None:
    empty = tmp_path / "requirements.txt"
    empty.write_text("# nothing\n")
    target = tmp_path / "venv"
    command = ["/usr/bin/python3", str(TOOLS / "setup_venv"), "--target", str(target)]
    command += ["--requirements", str(empty), "--stamp", "one"]
    subprocess.run(command, check=True, capture_output=True)
    probe = [str(target / "bin" / "python"), "-c", "import sys; print(sys.path)"]
    path = subprocess.run(probe, capture_output=True, text=True, check=True).stdout
    assert str(TOOLS.parent / "bindings" / "python") in path
    assert (target / ".setup-stamp").read_text() == "one\n"
    launcher = (target / "bin" / "gateproof").read_text()
    assert launcher.startswith(f"#!{target}/bin/python\n")
    subprocess.run(command, check=True, capture_output=True)


def test_a_failure_of_pip_leaves_no_stamp(tmp_path: Path) -> None:
    bad = tmp_path / "requirements.txt"
    bad.write_text("./no-such-folder\n")
    command = ["/usr/bin/python3", str(TOOLS / "setup_venv"), "--target", str(tmp_path / "venv")]
    command += ["--requirements", str(bad), "--stamp", "one"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert not (tmp_path / "venv" / ".setup-stamp").exists()
