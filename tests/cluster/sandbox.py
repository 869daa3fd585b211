"""A real Slurm of two nodes on this machine, with pretended graphics cards, for tests and trials.

    sudo python tests/cluster/sandbox.py start [--cpus 4] [--memory 4000]
    sudo python tests/cluster/sandbox.py stop

Both nodes, n1 and n2, run here; n1 has two cards that are /dev/null and /dev/zero: Slurm counts and
hands them out, nobody computes on them. There is no accounting database. It needs root, and the
packages slurm-wlm and munge; a Slurm that is configured here already is left alone. Of a sandbox
that was killed, as by a restart of the machine, the settings stay: `start` removes them first.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

SETTINGS = Path("/etc/slurm/slurm.conf")  # no other place: the Slurm plugin drops SLURM_CONF
CARDS = SETTINGS.with_name("gres.conf")
MARK = "# tower-rates sandbox in "
PROGRAMS = ("slurmctld", "slurmd", "squeue", "scontrol", "srun", "munged")
NODES = {"n1": 17001, "n2": 17002}
CARDS_ON_N1 = 2
WAIT = 60.0
"""Seconds that any one step of starting or stopping may take."""

_SLURM_CONF = """\
{mark}{folder}
ClusterName=sandbox
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
# Memory is watched by polling: a killed job needs no cgroups, which containers lack.
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=2,bf_interval=2
ReturnToService=2
SlurmdParameters=config_overrides
SlurmdTimeout=15
KillWait=2
MinJobAge=3600
# What a node's fault does is then up to Snakemake, which resubmits at once.
JobRequeue=0
StateSaveLocation={folder}/state
SlurmctldPort=16817
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdPidFile={folder}/run/slurmd-%n.pid
SlurmdSpoolDir={folder}/spool-%n
SlurmdLogFile={folder}/log/slurmd-%n.log
GresTypes=gpu
"""


class SandboxError(Exception):
    """The sandbox cannot start or stop; the message says why."""


def obstacle() -> str:
    """Why no sandbox can run here, or ""."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        return f"{', '.join(missing)} not installed (apt-get install slurm-wlm munge)"
    if os.geteuid() != 0:
        return "starting Slurm's daemons needs root"
    if SETTINGS.exists() and running_in() is None:
        return f"{SETTINGS} belongs to another Slurm"
    return ""


def running_in() -> Path | None:
    """Folder of the sandbox that is configured, if one is."""
    try:
        first = SETTINGS.read_text(encoding="utf-8").splitlines()[0]
    except (OSError, IndexError):
        return None
    return Path(first.removeprefix(MARK)) if first.startswith(MARK) else None


def answers() -> bool:
    """Whether a sandbox is configured whose controller and both nodes are at work."""
    folder = running_in()
    if folder is None or not all(_living(folder).values()):
        return False
    with contextlib.suppress(SandboxError):
        return " is UP" in _run("scontrol", "ping", quiet=True)
    return False


def start(cpus: int = 4, memory: int = 4000) -> Path:
    """Start both nodes, of so many CPUs and MB each; return once a job has run on both.

    Raises:
        SandboxError: where `obstacle` names one, a sandbox runs already, or a step takes too long.
    """
    if reason := obstacle():
        raise SandboxError(reason)
    if folder := running_in():
        if any(_living(folder).values()):
            raise SandboxError(f"a sandbox in {folder} runs, or some of it: stop it first")
        stop()  # it was killed, and its settings are left
    folder = Path(tempfile.mkdtemp(prefix="slurm-sandbox-"))
    for name in ("state", "log", "run", *(f"spool-{node}" for node in NODES)):
        (folder / name).mkdir()
    SETTINGS.write_text(_settings(folder, cpus, memory), encoding="utf-8")
    devices = ("/dev/null", "/dev/zero")[:CARDS_ON_N1]
    CARDS.write_text("".join(f"NodeName=n1 Name=gpu File={device}\n" for device in devices))
    try:
        _start_munge(folder)
        _run("slurmctld")
        for node in NODES:
            _run("slurmd", "-N", node)
        _until(_ready, "both nodes to be idle")
        _run("srun", "-N2", "-t1", "true")
    except BaseException:
        stop()
        raise
    return folder


def stop() -> None:
    """Cancel all jobs, stop every daemon that `start` started and remove its files.

    Raises:
        SandboxError: if no sandbox is running.
    """
    folder = running_in()
    if folder is None:
        raise SandboxError("no sandbox is running")
    # slurmctld may be gone, or a job may not end: its daemons are stopped all the same.
    with contextlib.suppress(SandboxError):
        _run("scancel", "--user=root")
        _until(lambda: not _run("squeue", "--noheader").strip(), "jobs to end")
    for name in [*(f"slurmd-{node}" for node in NODES), "slurmctld", "munged"]:
        _end(folder / f"run/{name}.pid")
    SETTINGS.unlink()
    CARDS.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def jobs() -> list[dict]:
    """Jobs that slurmctld remembers: id, folder, comment, state, node names, limits, times.

    Times are seconds since 1970, `limit` is in minutes, `memory` in MB.
    """
    shown = _run("squeue", "--noheader", "-t", "all", "--json")
    return [
        {
            "id": job["job_id"],
            "folder": job["current_working_directory"],
            "comment": job["comment"],
            "state": job["job_state"],
            "nodes": job["nodes"],
            "cpus": job["cpus"],
            "memory": job["memory_per_node"],
            "limit": job["time_limit"],
            "began": job["start_time"],
            "ended": job["end_time"],
            "submitted": job["submit_time"],
        }
        for job in json.loads(shown)["jobs"]
    ]


def _settings(folder: Path, cpus: int, memory: int) -> str:
    host = socket.gethostname().split(".")[0]
    lines = [_SLURM_CONF.format(mark=MARK, folder=folder, host=host)]
    for node, port in NODES.items():
        cards = f" Gres=gpu:{CARDS_ON_N1}" if node == "n1" else ""
        lines.append(
            f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={cpus} "
            f"RealMemory={memory}{cards} State=UNKNOWN\n"
        )
    names = ",".join(NODES)
    lines.append(
        f"PartitionName=main Nodes={names} Default=YES MaxTime=600 DefMemPerCPU=200 State=UP\n"
    )
    return "".join(lines)


def _start_munge(folder: Path) -> None:
    if subprocess.run(["munge", "-n"], capture_output=True, check=False).returncode == 0:
        return  # someone's daemon is running: use it, and leave it running
    _run("install", "-d", "-o", "munge", "-g", "munge", "-m", "0755", "/run/munge")
    _run("runuser", "-u", "munge", "--", "munged")
    (folder / "run/munged.pid").write_text(Path("/run/munge/munged.pid").read_text())


def _ready() -> bool:
    states = _run("sinfo", "--noheader", "--Node", "-o", "%T", quiet=True).split()
    return states == ["idle"] * len(NODES)


def _run(*command: str, quiet: bool = False) -> str:
    try:
        done = subprocess.run(
            command, timeout=WAIT, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise SandboxError(f"{' '.join(command)}: no answer within {WAIT:.0f} s") from None
    if done.returncode != 0 and not quiet:
        raise SandboxError(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def _until(condition, awaited: str) -> None:
    until = time.monotonic() + WAIT
    while not condition():
        if time.monotonic() > until:
            raise SandboxError(f"waited {WAIT:.0f} s for {awaited}; logs: {running_in()}/log")
        time.sleep(0.2)


def _living(folder: Path) -> dict[str, bool]:
    """By daemon of a sandbox, whether it lives."""
    names = ["slurmctld", *(f"slurmd-{node}" for node in NODES)]
    return {name: _of_daemon(folder / f"run/{name}.pid") is not None for name in names}


def _of_daemon(pid_file: Path) -> int | None:
    """The daemon that a pid file names, if it lives; another process may have its number by now."""
    try:
        process = psutil.Process(int(pid_file.read_text()))
        ended = process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
        return process.pid if process.name() == pid_file.stem.split("-")[0] and not ended else None
    except (OSError, ValueError, OverflowError, psutil.Error):
        return None


def _end(pid_file: Path) -> None:
    """Stop the daemon that a pid file names, gently at first."""
    if (pid := _of_daemon(pid_file)) is None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        until = time.monotonic() + 15
        while _of_daemon(pid_file) and time.monotonic() < until:
            time.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("start", "stop"))
    parser.add_argument("--cpus", type=int, default=4, help="of each node")
    parser.add_argument("--memory", type=int, default=4000, help="of each node, MB")
    given = parser.parse_args()
    try:
        if given.action == "start":
            print(f"two nodes are up, logs in {start(given.cpus, given.memory)}/log")
        else:
            stop()
    except SandboxError as error:
        sys.exit(f"SandboxError: {error}")


if __name__ == "__main__":
    main()
