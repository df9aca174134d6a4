"""What a command says beside its answer: nothing, or all that libraries and Lakeward log."""

import logging
import sys
import warnings


def set_up_log(*, verbose: bool) -> None:
    """Let records and warnings of this process reach the error stream, or keep them from it: answers and errors are printed anyway."""
    if verbose:
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
        return
    if not logging.getLogger().handlers:
        logging.getLogger().addHandler(logging.NullHandler())
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
