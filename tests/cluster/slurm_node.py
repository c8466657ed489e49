"""A SLURM of one node, the machine itself, in a folder of its own: for tests, and gone after them."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGES = "apt-get install -y slurm-wlm munge"
COMMANDS = ["munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol", "sinfo"]
UP = 30  # seconds until everything answers, at most
SETTINGS = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmctldPort={controller}
SlurmdPort={daemon}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=2,batch_sched_delay=0
ReturnToService=2
MinJobAge=3600
# The node has what is said here, so that a small machine can be asked for more.
SlurmdParameters=config_overrides
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory=16384 Gres=gpu:1 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def find_missing() -> str:
    """What this machine lacks for a SLURM of its own, and what to do about it; empty where it lacks nothing."""
    if os.geteuid() != 0:
        return "SLURM's daemons want root here; run it as root, in a container for instance"
    if absent := [name for name in COMMANDS if not shutil.which(name, path=search_path())]:
        return f"{', '.join(absent)} not found; on Debian and Ubuntu: {PACKAGES}"
    return ""


def search_path() -> str:
    """Where the daemons are: Debian has them outside of some users' path."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])


@contextmanager
def one_node(folder: Path) -> Iterator[dict[str, str]]:
    """Start munge and SLURM in a folder; gives the environment in which sbatch finds them; stops them at the end."""
    # Not the variables of a job that this may run in.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM_", "SBATCH_"))}
    path = f"{folder}/bin{os.pathsep}{search_path()}"
    environment = {**kept, "PATH": path, "SLURM_CONF": str(folder / "slurm.conf")}
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir(parents=True)
    write_settings(folder)
    write_srun(folder)
    try:
        start(environment, "munged", "--force", *munge_options(folder))
        start(environment, "slurmctld", "-c", "-f", environment["SLURM_CONF"])
        start(environment, "slurmd", "-N", host(), "-f", environment["SLURM_CONF"])
        wait_until_idle(folder, environment)
        yield environment
    finally:
        stop(folder, environment)


def write_settings(folder: Path) -> None:
    """Write the files that SLURM reads, and munge's key."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        ports = {"controller": one.getsockname()[1], "daemon": two.getsockname()[1]}
    cores = max(2, os.cpu_count() or 1)
    text = SETTINGS.format(host=host(), folder=folder, cores=cores, **ports)
    (folder / "slurm.conf").write_text(text)
    # A GPU that is none: it can be asked for.
    (folder / "gres.conf").write_text("Name=gpu File=/dev/null\n")
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o600)


def write_srun(folder: Path) -> None:
    """Write an srun that finds this SLURM: inside a job the executor plugin takes SLURM_CONF away."""
    srun = shutil.which("srun", path=search_path())
    script = folder / "bin/srun"
    script.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {srun} "$@"\n')
    script.chmod(0o755)


def munge_options(folder: Path) -> list[str]:
    """Everything that munge writes or reads, in the folder."""
    places = {
        "socket": "socket",
        "key-file": "key",
        "log-file": "log",
        "pid-file": "pid",
        "seed-file": "seed",
    }
    return [f"--{option}={folder}/munge.{suffix}" for option, suffix in places.items()]


def host() -> str:
    """The name of this machine as SLURM shortens it."""
    return socket.gethostname().partition(".")[0]


def start(environment: dict[str, str], *command: str) -> None:
    """Start a daemon, which goes to the background by itself."""
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=UP,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} does not start: {done.stderr.strip()}")


def wait_until_idle(folder: Path, environment: dict[str, str]) -> None:
    """Wait until the node takes jobs."""
    for _ in range(2 * UP):
        if ask(environment, "sinfo", "--noheader", "--format=%T").startswith("idle"):
            return
        time.sleep(0.5)
    logs = [path.read_text()[-2000:] for path in folder.glob("slurm*.log")]
    raise RuntimeError("SLURM is not up:\n" + "\n".join(logs))


def ask(environment: dict[str, str], *command: str) -> str:
    """What a command of SLURM says."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=UP)
    return done.stdout.strip()


def stop(folder: Path, environment: dict[str, str]) -> None:
    """Cancel what runs, and stop the daemons, the last one started first."""
    if (folder / "slurmctld.pid").exists() and ask(environment, "squeue", "--noheader"):
        subprocess.run(["scancel", "--user=root"], env=environment, timeout=UP, check=False)
        time.sleep(2)
    for name in ("slurmd", "slurmctld", "munge"):
        path = folder / f"{name}.pid"
        if not path.exists():
            continue
        pid = int(path.read_text())
        os.kill(pid, signal.SIGTERM)
        for _ in range(2 * UP):
            if not Path(f"/proc/{pid}").exists():
                break
            time.sleep(0.5)
        else:
            os.kill(pid, signal.SIGKILL)
