"""The rewriting of asserts, shared by the workers of a run: in a new clone each would else rewrite every test module, some eight seconds of work."""

import sys

from _pytest.assertion import rewrite


def pytest_configure(config):
    worker = getattr(config, "workerinput", None)
    if worker and not sys.dont_write_bytecode:
        # The others rewrite the rest meanwhile; what is not there yet when it is needed, pytest rewrites as ever.
        keep_rewritten(config, share(worker, sorted((config.rootpath / "tests").rglob("test_*.py"))))


def share(worker, files):
    """The part of this worker, such as `gw1` of three."""
    return files[int(worker["workerid"].removeprefix("gw")) :: worker["workercount"]]


def keep_rewritten(config, files):
    """Rewrite the modules that have changed since pytest did, and keep them where it looks for them."""
    state = config.stash[rewrite.assertstate_key]
    for file in files:
        folder = rewrite.get_cache_dir(file)
        kept = folder / f"{file.stem}{rewrite.PYC_TAIL}"
        if rewrite.try_makedirs(folder) and rewrite._read_pyc(file, kept) is None:
            source, code = rewrite._rewrite_test(file, config)
            rewrite._write_pyc(state, code, source, kept)
