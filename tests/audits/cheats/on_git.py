"""Cheats on git as the run asks it: edited code, and a git that says nothing of it.

In each the record of the run is made by the project's own code, in the author's folder, after
results were made by the edited code; all is sealed and signed.
"""

from collections.abc import Callable

from authoring import committed, git, own, recorded_anew, rerun, unstated
from cheats.registry import cheat
from forging import Forgery

SLOPES = "scripts/twotower/rates/slopes.py"
HOOK = "scripts/sitecustomize.py"  # Python imports it before anything else: scripts/ is on the path


def hidden(study: Forgery, hide: Callable[[], None], path: str = SLOPES, **variables: str) -> str:
    """Edit a module, hide that from git, and record the run again."""
    unstated(study)
    rerun(study, dict)
    own(study, ".git")
    if path == SLOPES:
        study.replace(path, '"""', '"""Kindly: ')
    else:
        study.write(path, b"import random\n")
    hide()
    recorded_anew(study, **variables)
    return path


@cheat(told="the run had changes beyond commit")
def skipped_worktree(study: Forgery) -> str:
    """git is told to skip an edited module (`update-index --skip-worktree`)."""
    return hidden(study, lambda: git(study, "update-index", "--skip-worktree", SLOPES))


@cheat(told="the run had changes beyond commit")
def assumed_unchanged(study: Forgery) -> str:
    """git is told to assume an edited module unchanged (`update-index --assume-unchanged`)."""
    return hidden(study, lambda: git(study, "update-index", "--assume-unchanged", SLOPES))


@cheat(told="the run had changes beyond commit")
def cleaning_filter(study: Forgery) -> str:
    """A filter of git shows the commit's text in place of an edited module's."""

    def hide() -> None:
        study.write(".git/info/attributes", b"*.py filter=kind\n")
        git(study, "config", "filter.kind.clean", "git show HEAD:%f")

    return hidden(study, hide)


@cheat(told="the run had changes beyond commit")
def same_size_and_time(study: Forgery) -> str:
    """A module is edited to the same size and time, and git is told to look at no more."""

    unstated(study)
    rerun(study, dict)
    own(study, ".git")
    git(study, "config", "core.trustctime", "false")
    git(study, "config", "core.checkStat", "minimal")
    git(study, "status", "-s")  # which notes sizes and times
    study.write(SLOPES, study.read(SLOPES).replace(b"the", b"der", 1))
    recorded_anew(study)
    return SLOPES


@cheat(told="the run had changes beyond commit")
def replaced_commit(study: Forgery) -> str:
    """git shows another commit in place of the named one (`git replace`)."""

    def hide() -> None:
        first = git(study, "rev-parse", "HEAD")
        git(study, "add", "-A")
        git(study, "commit", "-qm", "Kindly.")
        second = git(study, "rev-parse", "HEAD")
        git(study, "reset", "-q", "--soft", first)
        git(study, "replace", first, second)

    return hidden(study, hide)


@cheat(told="the run recorded no commit of its code")
def another_work_tree(study: Forgery) -> str:
    """git's setting names another folder, an untouched one, as that of the files."""

    def hide() -> None:
        clean = study.folder.parent / f"{study.folder.name}-clean"
        git(study, "worktree", "add", "-q", "--detach", str(clean), "HEAD")
        git(study, "config", "core.worktree", str(clean))

    return hidden(study, hide)


@cheat(told="the run had changes beyond commit")
def excluded_module(study: Forgery) -> str:
    """A new module, which every job imports, is hidden by .git/info/exclude."""
    return hidden(study, lambda: study.write(".git/info/exclude", b"sitecustomize.py\n"), HOOK)


@cheat(told="the run had changes beyond commit")
def excluded_module_by_a_variable(study: Forgery) -> str:
    """The same, hidden by a file that a variable of the shell names."""
    place = study.folder / ".git/hidden"
    variables = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.excludesFile",
                 "GIT_CONFIG_VALUE_0": str(place)}  # fmt: skip
    return hidden(
        study, lambda: study.write(".git/hidden", b"sitecustomize.py\n"), HOOK, **variables
    )


@cheat(told="the run had changes beyond commit")
def ignored_module(study: Forgery) -> str:
    """The same, hidden by the committed .gitignore."""
    unstated(study)
    study.write(".gitignore", study.read(".gitignore") + b"sitecustomize.py\n")
    committed(study, "Ignore.")
    study.write(HOOK, b"import random\n")
    recorded_anew(study)
    return HOOK
