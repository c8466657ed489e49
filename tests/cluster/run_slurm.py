"""The whole workflow through sbatch, on a SLURM that this starts on this machine: `make test-slurm`.

Three genomes; the training job is killed half-way and has to be run again; at the end everything is there, and
the same as after a run without SLURM. Wants root, SLURM and munge. Not part of `make test`.
"""

import filecmp
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

import yaml

from tests.cluster.slurm_node import ask, find_missing, one_node
from tests.conftest import ROOT

LIMIT = 1500  # seconds for all of it
PROFILE = ROOT / "profiles/slurm"
# The profile's pace is that of a real site; and the SLURM here keeps no accounts.
PACE = ["--slurm-status-command", "squeue", "--seconds-between-status-checks", "2"]
PACE += ["--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "10"]
MODEL = Path("results/models/demo")
# What says when, how fast, or where it ran.
TIMED = {"model.training.csv", "model.training.json", "model.learning_curve.png", "model.learning_curve.svg"}
TIMED |= {"report.html", "benchmarks.svg", "benchmarks.tsv", "learning.svg", "learning.tsv"}
JOBS = {"simulate": 1, "encode": 3, "label": 1, "train": 1, "evaluate": 1, "report": 1}
JOBS |= {"score": 3, "tracks": 3, "call": 3, "browse": 3}


def main() -> int:
    """Run all of it; the exit status."""
    if missing := find_missing():
        say(f"skipped: {missing}")
        return 0
    for number in (signal.SIGALRM, signal.SIGTERM):
        signal.signal(number, give_up)
    signal.alarm(LIMIT)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="dnabilstm-slurm-") as name:
        here, cluster = prepare(Path(name) / "here"), prepare(Path(name) / "cluster")
        say("without SLURM")
        run(here, environment(), "--cores", "2", "--workflow-profile", "none")
        with one_node(Path(name) / "slurm") as slurm:
            say("through sbatch")
            killed = run_and_kill(cluster, {**slurm, **environment(slurm)})
            jobs = read_jobs(slurm)
            check_jobs(jobs, killed)
            check_results(here, cluster)
            check_a_gpu_is_asked_for(cluster, {**slurm, **environment(slurm)}, slurm)
    say(f"passed in {time.monotonic() - began:.0f} s")
    return 0


def prepare(folder: Path) -> Path:
    """Write the configuration, the sheet and two of the genomes; the workflow makes the third."""
    folder.mkdir()
    for seed, name in ((2, "two"), (3, "three")):
        words = ["simulate", "--bases", "60000", "--seed", str(seed), "--output", str(folder / name)]
        subprocess.run([sys.executable, "-m", "dnabilstm", *words], check=True, capture_output=True)
    sheet = [
        "name\tfasta",
        "demo\t<resources>/demo/genome.fa",
        "two\ttwo/genome.fa",
        "three\tthree/genome.fa",
    ]
    (folder / "genomes.tsv").write_text("".join(f"{row}\n" for row in sheet))
    labels = {task: {"path": f"<resources>/demo/{task}.bed"} for task in ("promoter", "enhancer")}
    config = {
        "model": "demo",
        "genomes": "genomes.tsv",
        "device": "cpu",
        "demo": {"bases": 60_000, "seed": 1},
        "training": {
            "genome": "demo",
            "labels": labels,
            "model": {"hidden": 16, "layers": 1},
            "train": {"steps": 200, "evaluate_every": 10, "window": 1000, "batch": 8},
        },
        "evaluate": {"bootstrap": 20},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    return folder


def environment(base: dict[str, str] | None = None) -> dict[str, str]:
    """The variables that a run gets: no cache or data of the user's."""
    return {name: value for name, value in (base or os.environ).items() if name != "DNABILSTM_DATA"}


def command(*options: str) -> list[str]:
    """Snakemake in the folder of the run."""
    words = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    return [*words, "--configfile", "config.yaml", "--nocolor", *options]


def run(folder: Path, variables: dict[str, str], *options: str) -> None:
    """Run the workflow to its end."""
    with (folder / "said").open("w") as out:
        done = subprocess.run(command(*options), cwd=folder, env=variables, stdout=out, stderr=out)
    expect(done.returncode == 0, f"snakemake failed:\n{(folder / 'said').read_text()[-5000:]}")


def run_and_kill(folder: Path, variables: dict[str, str]) -> str:
    """Run the workflow through sbatch, kill the training job once it has a state to go on from; gives its id."""
    options = ["--workflow-profile", str(PROFILE), *PACE]
    with (folder / "said").open("w") as out:
        started = subprocess.Popen(command(*options), cwd=folder, env=variables, stdout=out, stderr=out)
    try:
        killed = kill_training(folder, variables, started)
        say(f"killed every process of job {killed}")
        status = started.wait()
    finally:
        if started.poll() is None:
            started.kill()
            started.wait()
    said = (folder / "said").read_text()
    expect(status == 0, f"snakemake failed:\n{said[-5000:]}")
    expect("Trying to restart job" in said, f"no job was tried again:\n{said[-5000:]}")
    return killed


def kill_training(folder: Path, variables: dict[str, str], started: subprocess.Popen) -> str:
    """Wait for the first evaluation of the training, then kill the processes of its job; gives the job's id."""
    while not list((folder / MODEL).glob("*.state*")):
        expect(started.poll() is None, f"ended too early:\n{(folder / 'said').read_text()[-5000:]}")
        time.sleep(0.2)
    jobs = ask(variables, "squeue", "--noheader", "--states=RUNNING", "--format=%i %k").splitlines()
    (job,) = [line.split()[0] for line in jobs if " rule_train_" in line]
    listed = ask(variables, "scontrol", "listpids", job).splitlines()
    pids = {int(line.split()[0]) for line in listed[1:]}
    expect(bool(pids - {-1}), f"job {job} has no processes: {listed}")
    for pid in pids - {-1}:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return job


def read_jobs(variables: dict[str, str]) -> dict[str, dict[str, str]]:
    """Every job that SLURM has had: its fields by its id."""
    lines = ask(variables, "scontrol", "--oneliner", "show", "job").splitlines()
    jobs = [dict(re.findall(r"(\S+?)=(\S*)", line)) for line in lines]
    return {job["JobId"]: job for job in jobs}


def rule_of(job: dict[str, str]) -> str:
    """The rule of a job, which the plugin writes into its comment."""
    return job["Comment"].removeprefix("rule_").partition("_wildcards_")[0]


def check_jobs(jobs: dict[str, dict[str, str]], killed: str) -> None:
    """Every job of the workflow went through SLURM and ended well, the killed one at its second attempt."""
    ended = [rule_of(job) for job in jobs.values() if job["JobState"] == "COMPLETED"]
    counts = {rule: ended.count(rule) for rule in sorted(set(ended))}
    expect(counts == dict(sorted(JOBS.items())), f"jobs that ended well: {counts}, wanted {JOBS}")
    failed = {name: job for name, job in jobs.items() if job["JobState"] != "COMPLETED"}
    expect(set(failed) == {killed}, f"jobs that did not end well: {sorted(failed)}, wanted {killed}")
    first, second = (job["MinMemoryNode"] for job in jobs.values() if rule_of(job) == "train")
    expect((first, second) == ("4G", "8G"), f"memory of the two attempts: {first}, {second}")
    say(f"{len(jobs)} jobs; train: {failed[killed]['JobState']} with {first}, then COMPLETED with {second}")


def check_results(here: Path, cluster: Path) -> None:
    """The same files, byte by byte, but for those that say how long something took."""
    wanted, found = list_results(here), list_results(cluster)
    expect(wanted == found, f"other files: {sorted(wanted ^ found)}")
    compared = [name for name in sorted(wanted) if Path(name).name not in TIMED]
    _, other, errors = filecmp.cmpfiles(here, cluster, compared, shallow=False)
    expect(not other and not errors, f"not the same: {other + errors}")
    log = (cluster / "logs/train/demo.log").read_text()
    expect("resumed at step" in log, f"training began anew:\n{log}")
    say(f"{len(compared)} files as without SLURM, byte by byte")


def list_results(folder: Path) -> set[str]:
    """Files under results/, without the states of training."""
    paths = (path for path in (folder / "results").rglob("*") if path.is_file())
    return {str(path.relative_to(folder)) for path in paths if ".state" not in path.name}


def check_a_gpu_is_asked_for(folder: Path, variables: dict[str, str], slurm: dict[str, str]) -> None:
    """With `device: cuda` the job gets one; this one has none inside, and says so."""
    before = set(read_jobs(slurm))
    options = ["--workflow-profile", str(PROFILE), *PACE, "--retries", "0", "--config", "device=cuda"]
    options += ["--rerun-triggers", "mtime", "--forcerun", "score", "--", "results/two/demo/scores.json"]
    done = subprocess.run(command(*options), cwd=folder, env=variables, capture_output=True, text=True)
    asked = [job.get("TresPerJob") for name, job in read_jobs(slurm).items() if name not in before]
    expect(
        asked == ["gres:gpu:1"],
        f"asked for {asked}, wanted a GPU ({done.returncode}):\n{done.stderr[-3000:]}",
    )
    said = (folder / "logs/score/two.demo.log").read_text()
    expect("finds no GPU here" in said, f"the job did not want a GPU: {said}")
    say("device: cuda asks for one GPU")


def expect(holds: bool, otherwise: str) -> None:
    """Fail with what was found."""
    if not holds:
        raise SystemExit(f"FAILED: {otherwise}")


def say(text: str) -> None:
    """One line, at once."""
    print(f"test-slurm: {text}", flush=True)


def give_up(number: int, frame: FrameType | None) -> None:
    """End, after LIMIT or when told to, through everything that has to be torn down."""
    raise SystemExit(f"FAILED: {signal.Signals(number).name}; the limit is {LIMIT} s")


if __name__ == "__main__":
    sys.exit(main())
