"""A little data for the sandbox's HDFS: hourly bicycle hires of an invented town."""

from __future__ import annotations

import datetime
import math
import random
from pathlib import Path

from jupyter_ext.sandbox.files import write

_START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
_DAYS = 90
PRIVATE = {"alice-only.csv": "alice", "bob-only.csv": "bob"}
"""Files of /data that only one person may read."""
_README = """\
Hourly bicycle hires of a town that does not exist, January to March 2026.

bikes/2026-MM.csv: time (UTC, ISO 8601), workingday (0 or 1), temperature_c, humidity (0 to 1),
wind_kmh, hires (bicycles hired within the hour).

alice-only.csv, bob-only.csv: note. Each can be read by the one it is named after only.

The numbers are drawn from a formula with noise; they are the same in every sandbox.
"""


def generate(directory: Path) -> None:
    """Write the files below ``directory``, which becomes /data; the same bytes every time."""
    noise = random.Random(2026)  # noqa: S311 - noise of sample data, no secret
    months: dict[str, list[str]] = {}
    for hour in range(_DAYS * 24):
        time = _START + datetime.timedelta(hours=hour)
        lines = months.setdefault(f"{time:%Y-%m}", [])
        lines.append(_line(time, noise))
    header = "time,workingday,temperature_c,humidity,wind_kmh,hires"
    for month, lines in months.items():
        text = "\n".join([header, *lines, ""])
        write(directory / "bikes" / f"{month}.csv", text, 0o644)
    write(directory / "README.txt", _README, 0o644)
    for name, owner in PRIVATE.items():
        write(directory / name, f"note\nfor {owner}'s eyes only\n")


def _line(time: datetime.datetime, noise: random.Random) -> str:
    day = time.timetuple().tm_yday
    workingday = time.weekday() < 5
    warmth = -math.cos((time.hour - 3) / 24 * 2 * math.pi)
    temperature = 3 + day / 9 + 4 * warmth + noise.gauss(0, 2)
    humidity = min(1.0, max(0.2, 0.75 - 0.15 * warmth + noise.gauss(0, 0.08)))
    wind = abs(noise.gauss(14, 7))
    rush = sum(math.exp(-((time.hour - peak) ** 2) / 3) for peak in (8, 17))
    leisure = math.exp(-((time.hour - 14) ** 2) / 18)
    expected = 20 + (140 * rush if workingday else 110 * leisure) + 4 * max(0.0, temperature)
    expected *= 1 - 0.4 * max(0.0, humidity - 0.6) - 0.006 * wind
    hires = max(0, round(expected * noise.uniform(0.85, 1.15)))
    return (
        f"{time:%Y-%m-%dT%H:%M:%SZ},{int(workingday)},{temperature:.1f},"
        f"{humidity:.2f},{wind:.1f},{hires}"
    )
