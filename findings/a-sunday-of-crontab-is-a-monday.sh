#!/usr/bin/env bash
# Finding: APScheduler's reader of crontab lines runs a Sunday's line on Monday, and `13 * 5` on Fridays the 13th alone.
#
# Guess before the run: a function named `from_crontab` reads `0 8 * * 0` as cron does, and as a scheduled action of EC2 Auto
# Scaling does: every Sunday at eight; and `0 0 13 * 5` as the 13th and each Friday, since cron takes either of two restricted days.
#
# Seen with APScheduler 3.11.3 and croniter 7.0.0, from Monday 2026-11-30 on: croniter names Sunday 2026-12-06, APScheduler Monday
# 2026-11-30, as its days of the week are numbered from Monday. Of `0 0 13 * 5` croniter's first time is Friday 2026-12-04,
# APScheduler's 2027-02-13, the 13th of a month that is a Saturday by its numbers. A day's name (`sun`) means the same to both. A schedule of
# scaling that is tried out with the one and carried out by the other is a day off, or months.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'APScheduler==3.11.3' 'croniter==7.0.0'
"$folder/venv/bin/python" - <<'PYTHON'
import datetime as dt

from apscheduler.triggers.cron import CronTrigger
from croniter import croniter

start = dt.datetime(2026, 11, 30, tzinfo=dt.timezone.utc)


def first(line):
    by_apscheduler = CronTrigger.from_crontab(line, timezone="UTC").get_next_fire_time(None, start)
    # A moment before, as the other counts the start itself.
    by_croniter = croniter(line, start - dt.timedelta(seconds=1)).get_next(dt.datetime)
    print(f"{line:12} croniter {by_croniter:%a %Y-%m-%d %H:%M}, APScheduler {by_apscheduler:%a %Y-%m-%d %H:%M}")
    return f"{by_croniter:%a %Y-%m-%d}", f"{by_apscheduler:%a %Y-%m-%d}"


assert first("0 8 * * 0") == ("Sun 2026-12-06", "Mon 2026-11-30"), "no longer as written above"
assert first("0 8 * * sun") == ("Sun 2026-12-06", "Sun 2026-12-06"), "no longer as written above"
assert first("0 0 13 * 5") == ("Fri 2026-12-04", "Sat 2027-02-13"), "no longer as written above"
PYTHON
