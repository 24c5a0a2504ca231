"""Judging by the workers of a Dask cluster, which have the repository and its environment, and no access to the class.

    with Cluster("tcp://10.0.0.5:8786") as cluster:
        for job, executed in cluster.map("judge", jobs): …

A worker that dies takes its notebook with it once: it is tried again elsewhere, and then reported. How often the
scheduler itself tries is its setting `allowed-failures` (the guide starts it with 1).
"""
from __future__ import annotations

import hashlib
import itertools
import logging
from pathlib import Path
from typing import Any, Iterable, Iterator

from course.building.units import ROOT, CourseError
from course.grading import judge
from course.grading.workers import DIED, Failed

PATIENCE = 20  # seconds in which a scheduler must answer, and have a worker
AHEAD = 2  # jobs for each thread of the cluster, so that none waits for its next one


class Cluster:
    """Has the `map` of Workers, by the workers of a Dask scheduler.

    Args:
        address: the scheduler's, as tcp://HOST:PORT.

    Raises CourseError when there is no scheduler or worker, or one of them has other code than this one.
    """

    def __init__(self, address: str):
        try:
            from distributed import Client
        except ModuleNotFoundError:
            raise CourseError('--scheduler needs the extra [cluster]: pip install ".[cluster]"') from None
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # it tells of every worker that ends, with tracebacks
        try:
            self._client = Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise CourseError(f"no Dask scheduler answers at {address} ({error}); start one with: dask scheduler") from None
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE)
            self._refuse_other_code()
        except TimeoutError:
            self._client.close()
            raise CourseError(f"the scheduler at {address} has no workers; start one, in the repository's folder, with: "
                              f"dask worker {address} --nthreads 1") from None
        except BaseException:
            self._client.close()
            raise

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def stop(self) -> None:
        """Give up what isn't done, and leave; the cluster stays."""
        self._client.close()

    def map(self, function: str, items: Iterable) -> Iterator[tuple[Any, Any]]:
        """(item, function(item)) as they are finished; a Failed for a result. The functions are those of judge.py."""
        from distributed import as_completed

        waiting, running = iter(items), {}
        done = as_completed([], loop=self._client.loop)

        def submit(count: int) -> None:
            for item in itertools.islice(waiting, count):
                future = self._client.submit(getattr(judge, function), item, pure=False)
                running[future.key] = item
                done.add(future)

        submit(AHEAD * max(1, sum(self._client.nthreads().values())))
        for future in done:
            yield running.pop(future.key), outcome(future)
            submit(1)

    def _refuse_other_code(self) -> None:
        """A worker with other checks would give other grades. Raises CourseError."""
        try:
            theirs = self._client.run(code)
        except Exception as error:
            raise CourseError(f"the workers can't load the course ({type(error).__name__}: {error}); start them in the "
                              "repository's folder, with its environment") from None
        other = sorted(address for address, version in theirs.items() if version != code())
        if other:
            raise CourseError(f"the code of these workers isn't the code here: {', '.join(other)}; bring both to the same "
                              "commit, and start the workers again")


def outcome(future) -> Any:
    """A future's result; Failed when it has none."""
    if future.status == "finished":
        return future.result()
    error = future.exception() if future.status == "error" else None
    if error is None or type(error).__name__ == "KilledWorker":
        return Failed(DIED)
    return Failed(f"{type(error).__name__}: {error}")


def code() -> str:
    """Tells versions of the code apart by which grades come about."""
    import gan_scratch

    package, own = Path(gan_scratch.__file__).parent, Path(__file__).parent
    files = [*sorted(package.rglob("*.py")), own / "judge.py", own / "sandbox.py", own / "launcher.py", own / "nursery.py"]
    digest = hashlib.sha256()
    for file in files:
        inside = file.relative_to(ROOT if file.is_relative_to(own) else package)
        digest.update(f"{inside}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
