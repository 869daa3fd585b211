"""What all scripts that people start have in common: a fault is one message, no traceback.

It imports only Python's own library: it must be able to name a package that is missing.
"""

import argparse
import errno
import signal
import sys

from twotower.base import safe_names
from twotower.base.errors import ExpectedError, OptionError

INSTALL = "`make` installs what envs/requirements.txt names, `make doctor` lists what is missing"


def start() -> None:
    """Show a fault as one message, write UTF-8, and end quietly if a pipe such as `head` closes."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.stdout.reconfigure(encoding="utf-8")  # words have Greek letters, the locale may not
    sys.stderr.reconfigure(encoding="utf-8")
    sys.excepthook = _tell


class Parser(argparse.ArgumentParser):
    """A parser that refuses what was given and is empty.

    An empty text would be taken for an option that was left out, or for the current folder.
    """

    def _get_values(self, action: argparse.Action, arg_strings: list[str]):
        none = not arg_strings and action.option_strings and action.nargs == "*"
        if none or not all(map(str.strip, arg_strings)):
            name = (action.option_strings or [action.metavar or action.dest.upper()])[-1]
            hint = f"leave {name} out if you do not need it"
            raise OptionError(f"{name} is empty; allowed: a value; {hint}")
        return super()._get_values(action, arg_strings)


def message(error: BaseException) -> str | None:
    """The message for an error that a user can mend; None for a fault of the program."""
    if isinstance(error, ExpectedError):
        joint = " in " if hasattr(error, "place") else ": "  # that of a study begins with its file
        return f"{type(error).__name__}{joint}{error}"
    if isinstance(error, ModuleNotFoundError):
        return f"The package {error.name} is not installed in this Python: {INSTALL}."
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror}{_remedy(error)}"
    return "Stopped." if isinstance(error, KeyboardInterrupt) else None


def _remedy(error: OSError) -> str:
    remedies = {
        "ENOSPC": "free some space there, or work elsewhere",
        "EDQUOT": "free some of the quota, or work elsewhere",
        "EROFS": "work in a folder that can be written to",
        "EACCES": "check who owns it, or work in a folder of your own",
        "EPERM": "check who owns it, or work in a folder of your own",
        "EEXIST": "move it away",
        "ENOTDIR": "a folder must stand there; move the file away",
        "ENOENT": "check the spelling",
    }
    hint = remedies.get(errno.errorcode.get(error.errno, ""), "")
    return f"; {hint}" if hint else ""


def _tell(kind, error, traceback) -> None:
    text = message(error)
    if text is None:
        sys.__excepthook__(kind, error, traceback)
    else:
        print(safe_names.shown(text), file=sys.stderr)
