"""The gradebook's database: its name in messages, and why it can't be used, in a sentence without the password."""
from __future__ import annotations

import contextlib
from typing import Iterator

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError

from course.building.units import CourseError
from course.grading.workers import Failed

SETTING = "c.CourseDirectory.db_url in course/nbgrader_config.py"
FORMS = "write sqlite:////FOLDER/FILE or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"


def parsed(url: str) -> URL:
    """Raises CourseError when it isn't an address of a database."""
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):  # the latter of a port that isn't a number
        raise CourseError(f"the gradebook's URL isn't one of a database ({SETTING}); {FORMS}") from None
    if "@" in (address.host or ""):  # the rest of a password, which would be shown
        raise CourseError(f"the gradebook's URL has two @ ({SETTING}); in a password write %40 for @")
    return address


def is_file(url: str) -> bool:
    """Whether it is SQLite's; all others have a server."""
    return parsed(url).get_backend_name() == "sqlite"


def name(url: str) -> str:
    """The gradebook for messages: its file, or its address without the password."""
    address = parsed(url)
    if is_file(url):
        return str(address.database)
    return address.difference_update_query(["password", "sslpassword"]).render_as_string(hide_password=True)


@contextlib.contextmanager
def reasons(url: str, kind: type[CourseError] = CourseError) -> Iterator[None]:
    """Say in a sentence what a database or a disk objects to. Raises CourseError, of this kind."""
    parsed(url)
    try:
        yield
    except CourseError:
        raise
    except Exception as error:
        if isinstance(cause(error), (SQLAlchemyError, OSError, ImportError)):
            raise kind(reason(error, url)) from None
        raise


def cause(error: BaseException) -> BaseException:
    """What the database said, where nbgrader made an exception of its own out of it."""
    each = error
    while each is not None and not isinstance(each, DBAPIError):
        each = each.__context__
    return each or error


def reason(error: BaseException, url: str) -> str:
    """Why something couldn't be written, and what to do."""
    error = cause(error)
    said = " ".join(str(getattr(error, "orig", None) or error).split())
    if isinstance(error, (CourseError, Failed)):
        return said
    if isinstance(error, ImportError):
        return (f"the gradebook {name(url)} needs the Python package {error.name or 'psycopg'}, which isn't installed or "
                'can\'t be loaded; for PostgreSQL run: pip install ".[course,postgres]", and let '
                f"{SETTING} begin with postgresql+psycopg://")
    if isinstance(error, ArgumentError):
        return f"the gradebook {name(url)} can't be used, because its kind isn't known ({SETTING}); {FORMS}"
    if "database is locked" in said:
        return (f"the gradebook {name(url)} is locked by another program for too long (a Formgrader, a backup?); "
                "wait for it, then run the same command again")
    if isinstance(error, OperationalError) and not is_file(url):
        return (f"the gradebook {name(url)} can't be used: {said}; see that its server runs and that {SETTING} "
                "is right, then run the same command again")
    if isinstance(error, SQLAlchemyError):
        return f"the gradebook {name(url)} can't be used: {said}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror + (f": {error.filename}" if error.filename else "")
    return "there wasn't enough memory" if isinstance(error, MemoryError) else f"{type(error).__name__}: {said}"
