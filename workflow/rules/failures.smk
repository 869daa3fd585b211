# A failed job is described at once, and all failed jobs again at the end: Snakemake itself names ids only.

import logging

from snakemake.logging import logger
from snakemake_interface_logger_plugins.common import LogEvent
from twotower.running import failures

NAMES = failures.Names(
    JOBS.runs, JOBS.cells, JOBS.blocks, {name: STUDY.title(name) for name in EXPERIMENTS}
)

TARGETS = ["all", *EXPERIMENTS, *TARGET_FIGURES]


class FailedJobs(logging.Handler):
    """Follows Snakemake's own events; `failed` holds the jobs whose last attempt failed, by id."""

    def __init__(self):
        super().__init__()
        self.wildcards = {}
        self.failed = {}
        self.group_logs = []
        self.stopped = False

    def emit(self, record):
        try:
            self.follow(record, getattr(record, "event", None))
        except Exception:  # words that cannot be found must not hide the failure itself
            self.handleError(record)

    def follow(self, record, event):
        if event == LogEvent.JOB_INFO:
            self.wildcards[record.jobid] = dict(record.wildcards or {})
        elif event == LogEvent.JOB_FINISHED:
            self.failed.pop(record.job_id, None)
        elif event == LogEvent.GROUP_ERROR:  # its jobs follow, each as an error of its own
            self.group_logs = [str(path) for path in record.aux_logs]
        elif event == LogEvent.JOB_ERROR:
            self.tell(record)
        elif record.levelno >= logging.ERROR and (hint := failures.hint(str(record.msg), TARGETS)):
            logger.error(hint)

    def tell(self, record):
        before = self.failed.get(record.jobid)
        wildcards = self.wildcards.get(record.jobid, {})
        attempts = before.attempts + 1 if before else 1
        status = record.rule_msg or ""
        paths = [*map(str, record.log), *(self.group_logs if record.indent else [])]
        words = NAMES.words(wildcards)
        failure = failures.Failure(record.rule_name, wildcards, words, paths, status, attempts)
        self.failed[record.jobid] = failure
        if not record.indent or any(
            Path(path).exists() for path in paths[:1]
        ):  # others of a group have not begun
            logger.error(failure.report())


FAILED_JOBS = FailedJobs()


def unless_stopped(record):
    """Jobs that Ctrl-C ends with Snakemake have not failed: one line at the end says it all."""
    if str(record.msg).startswith("Terminating processes on user request"):
        FAILED_JOBS.stopped = True
    return not FAILED_JOBS.stopped or record.levelno < logging.ERROR


if workflow.is_main_process and not IS_MODULE:
    logger.addHandler(FAILED_JOBS)
    logger.addFilter(unless_stopped)


def show_failures():
    """Name every job that failed for good, after a run."""
    if FAILED_JOBS.stopped:
        logger.warning(
            "Stopped. Finished jobs are kept: the same command, or `make resume`, goes on."
        )
    elif FAILED_JOBS.failed:
        logger.error(failures.summary(list(FAILED_JOBS.failed.values())))
