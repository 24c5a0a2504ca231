import functools

import nbgrader.api
import pytest


@pytest.fixture(scope="session", autouse=True)
def alembic_is_asked_once():
    """A new gradebook asks the program alembic for the newest version of its tables, which takes seconds each time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nbgrader.api, "get_alembic_version", functools.cache(nbgrader.api.get_alembic_version))
        yield
