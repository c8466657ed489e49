"""All benchmarks of accuracy, one after another: many hours. What is done is not run again.

python -m benchmarks.accuracy DATA            run what is missing, then print all tables
python -m benchmarks.accuracy --table         print what there is
"""

import subprocess
import sys

NAMES = ("gue", "ienhancer", "cnnprom", "yeast", "family", "ecoli")


def main() -> None:
    words = sys.argv[1:]
    if not words or words[0] in ("-h", "--help"):
        sys.exit(__doc__)
    for name in NAMES:
        print(f"\n## {name}\n", flush=True)
        if status := subprocess.run([sys.executable, "-m", f"benchmarks.accuracy.{name}", *words]).returncode:
            sys.exit(status)


if __name__ == "__main__":
    main()
