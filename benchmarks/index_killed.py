"""`index_media` over many files, killed again and again at random, ends with every file once.

    python -m benchmarks.index_killed [--files 20000] [--kills 10] [--seed 1] [--processes 2]

Starts PostgreSQL and Redis of its own and makes a library of small photos, some of them copies. Then the command and
its worker are started and killed (SIGKILL, whole process groups) so often, each time at a random point of the way, and
at last run to their end. It is the code of media_index/tests/test_index_media_killed.py. Ends with 1 if anything is
wrong.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.site import BASE_DIR, working_folder

ENGINE = "fake"  # nothing is indexed here, only catalogued


def run(files: int, kills: int, seed: int, processes: int) -> int:
    """The exit code, on the services of the environment; says what happened."""
    import django

    django.setup()
    from django.core.management import call_command

    from media_index.tests.killing import catalogue_killed, make_library, wrong

    call_command("migrate", verbosity=0)
    with working_folder() as folder:
        started = time.perf_counter()
        digests = make_library(folder / "library", files)
        print(f"{files} files, {len(set(digests.values()))} contents, made in {time.perf_counter() - started:.0f} s")
        log = Path(os.environ["VAR_DIR"]) / "killed.log"
        environment = {"IMAGE_ENGINE": ENGINE}
        outcome = catalogue_killed(
            folder / "library",
            files=files,
            kills=kills,
            seed=seed,
            environment=environment,
            log=log,
            processes=processes,
        )
    print("killed when so much was read:", ", ".join(f"{share:.1%}" for share in outcome.kills))
    print(f"{outcome.seconds:.0f} s; the last command ended with {outcome.exit_code} and said:\n{outcome.said}")
    complaints = wrong(digests)
    print(
        "\n".join(complaints[:20]) or "Every file is there once, with the image of its content; every content is once."
    )
    return int(bool(complaints) or outcome.exit_code != 0)


def main() -> None:
    """Parse, and run with services of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        sys.exit(run(options.files, options.kills, options.seed, options.processes))
    with working_folder() as folder:
        env = os.environ | {"VAR_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "photofinder.settings"}
        services = [sys.executable, "-m", "photofinder.supervisor", "exec", "--fast", "--"]
        again = [sys.executable, "-m", "benchmarks.index_killed", *sys.argv[1:], "--inside"]
        sys.exit(subprocess.run([*services, *again], env=env, cwd=BASE_DIR).returncode)


if __name__ == "__main__":
    main()
