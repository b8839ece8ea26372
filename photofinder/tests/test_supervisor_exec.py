"""`supervisor exec`: a command with PostgreSQL and Redis in its environment."""

import subprocess
import sys

from photofinder.tests.supervised import SUPERVISOR, environment, execute, processes_of, var_folder

ASK_BOTH = """
import os, psycopg, redis
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
    database.execute("CREATE TABLE IF NOT EXISTS notes (body text)")
    database.execute("INSERT INTO notes VALUES ('kept')")
    print(database.execute("SELECT count(*) FROM notes").fetchone()[0], end=" ")
    print(database.execute("SELECT '[1,2]'::vector(2) <=> '[1,2]'").fetchone()[0], end=" ")
    print(database.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()[0], end=" ")
print(redis.from_url(os.environ["REDIS_URL"] + "/1").ping())
"""


def test_it_gives_the_command_both_services_and_keeps_the_data() -> None:
    with var_folder() as var_dir:
        first, second = execute(var_dir, ASK_BOTH), execute(var_dir, ASK_BOTH)
        assert first.stdout == "1 0.0 False True\n", first.stderr
        assert second.stdout == "2 0.0 False True\n", second.stderr
        assert not processes_of(var_dir)


def test_it_passes_the_exit_code_on() -> None:
    with var_folder() as var_dir:
        assert execute(var_dir, "raise SystemExit(7)").returncode == 7


def test_it_needs_a_password_that_only_this_user_can_read() -> None:
    with var_folder() as var_dir:
        refused = execute(
            var_dir,
            "import os, re, psycopg; psycopg.connect(re.sub(':[^:@]*@', ':wrong@', os.environ['DATABASE_URL']))",
        )
        assert "password authentication failed" in refused.stderr
        assert (var_dir / "services.env").stat().st_mode & 0o777 == 0o600


def test_two_folders_run_at_the_same_time_and_keep_their_ports() -> None:
    nested = [*SUPERVISOR, "exec", "--fast", "--", sys.executable, "-c", ASK_BOTH]
    with var_folder() as one, var_folder() as other:
        program = f"import subprocess; subprocess.run({nested}, env={environment(other)}, check=True)"
        assert execute(one, program).stdout == "1 0.0 False True\n"
        ports = execute(one, "import os; print(os.environ['DATABASE_URL'][-18:], os.environ['REDIS_URL'][-5:])").stdout
        again = execute(one, "import os; print(os.environ['DATABASE_URL'][-18:], os.environ['REDIS_URL'][-5:])").stdout
        assert ports == again


def test_a_signal_reaches_the_command_and_the_services_stop_after_it() -> None:
    program = "import signal, time; signal.signal(15, lambda *_: exit(5)); print('up', flush=True); time.sleep(60)"
    with var_folder() as var_dir:
        argv = [*SUPERVISOR, "exec", "--fast", "--", sys.executable, "-c", program]
        with subprocess.Popen(argv, env=environment(var_dir), stdout=subprocess.PIPE) as running:
            assert running.stdout
            running.stdout.readline()
            running.terminate()
        assert running.returncode == 5
        assert not processes_of(var_dir)
