"""Importing a module defines names and does nothing else: no engine, no client, no file, no CUDA."""

import json
import subprocess
import sys
from pathlib import Path

from tests.source import ROOT, files, imports, module

OURS = ("app", "demo", "flywheel", "recognizer")

WATCH = """
import importlib, json, os, sys, threading
libraries, modules = json.load(sys.stdin)
for library in libraries:
    importlib.import_module(library)
WORK = {"os.mkdir", "os.putenv", "os.remove", "os.rename", "os.system", "shutil.rmtree", "socket.bind",
        "socket.connect", "socket.getaddrinfo", "sqlite3.connect", "subprocess.Popen", "urllib.Request"}
did, importing = [], None

def watch(event, args):
    # Gradio writes a stub beside every subclass of gr.HTML.
    writes = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
    if importing and (event in WORK or writes and not str(args[0]).endswith(".pyi")):
        did.append(f"{importing}: {event} {args!r:.200}")

sys.addaudithook(watch)
threads = threading.active_count()
for importing in modules:
    importlib.import_module(importing)
importing = None
if threading.active_count() > threads:
    did.append(f"threads: {[thread.name for thread in threading.enumerate()]}")
if "torch" in sys.modules and sys.modules["torch"].cuda.is_initialized():
    did.append("torch.cuda is initialised")
print(json.dumps(did))
"""


def watch_imports(modules: list[str], libraries: list[str], *, cwd: Path) -> list[str]:
    """What importing modules did beside defining names: files written, sockets, databases, processes, threads, CUDA.

    Libraries are imported before the watch begins, so that only what our own modules do is seen.
    """
    told = subprocess.run(
        [sys.executable, "-B", "-c", WATCH],
        input=json.dumps([libraries, modules]),
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr[-2000:]
    return list(json.loads(told.stdout.splitlines()[-1]))


def test_importing_every_module_does_no_work() -> None:
    modules = [module(path) for path in files() if "migrations" not in path.parts]  # Alembic runs those
    libraries = sorted(
        {found.imported for path in files() for found in imports(path) if not found.late and found.top not in OURS}
    )
    assert watch_imports(modules, libraries, cwd=ROOT) == []


def test_work_at_import_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "busy.py").write_text("import sqlite3\nstore = sqlite3.connect(':memory:')\n", encoding="utf-8")
    (tmp_path / "idle.py").write_text("import sqlite3\n", encoding="utf-8")
    did = watch_imports(["busy", "idle"], ["sqlite3"], cwd=tmp_path)
    assert [line.partition(" ")[0] for line in did] == ["busy:"]
