"""A virtual environment with packages of PyPI in pinned versions."""

import subprocess
import sys


def requirements(file):
    """The lines `name==version` of a file."""
    lines = [line.split("#")[0].strip() for line in file.read_text().splitlines()]
    return [line for line in lines if line]


def environment(folder, wanted, needed, say):
    """The environment's Python. Installs what is missing, without what it would ask for; a package that has no wheel here is
    named. Where that is one of `needed`, the status is 3."""
    python = folder / "bin" / "python"
    if not python.exists():
        say(f"making {folder}")
        made = subprocess.run([sys.executable, "-m", "venv", folder], capture_output=True, text=True)
        if made.returncode:
            raise SystemExit(f"no virtual environment: {last_line(made)}; install python3-venv")
    done = folder / "installed"
    installed = set(done.read_text().split()) if done.exists() else set()
    missing = [line for line in wanted if line not in installed]
    if not missing:
        return python
    say(f"installing {', '.join(missing)}")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]
    if subprocess.run([*pip, *missing], capture_output=True).returncode == 0:
        installed.update(missing)
    else:  # one by one, to name those that cannot be had
        for line in missing:
            result = subprocess.run([*pip, line], capture_output=True, text=True)
            if result.returncode == 0:
                installed.add(line)
            elif line.split("==")[0] in needed:
                say(f"skipped: {line} cannot be installed: {last_line(result)}")
                raise SystemExit(3)
            else:
                say(f"skipped: {line}, not to be had for this machine: {last_line(result)}")
    done.write_text("\n".join(sorted(installed)) + "\n")
    return python


def last_line(result):
    """The line of a finished command that names its error, or else its first."""
    lines = [line for line in (result.stderr or result.stdout).splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or [f"status {result.returncode}"])[0]
