"""Sends events while workers and stores are killed, and says what broke: `make storm`.

The same sizes and seed send the same events and kill at the same counts; which process is where by then is chance.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
from dataclasses import fields
from pathlib import Path
from time import monotonic

from tests.storm.plan import Sizes
from tests.storm.storm import Outcome, Storm

HELP = {
    "events": "events to send",
    "tenants": "tenants they belong to",
    "producers": "processes that send",
    "workers": "processes that extract and index",
    "seed": "of all that is drawn",
    "events_a_tick": "events between two chances of a fault",
    "kills": "share of the ticks that end a worker",
    "restarts": "share of the ticks that end a store",
    "poisoned": "share of the events that no model takes",
}
SHOWN = 10  # of each kind of finding


def main() -> int:
    sizes = _sizes()
    started = monotonic()
    with tempfile.TemporaryDirectory(prefix="storm-") as folder:
        outcome = asyncio.run(_run(sizes, Path(folder)))
    print(summary(outcome, sizes, monotonic() - started))
    return 0 if outcome.findings.clean else 1


async def _run(sizes: Sizes, folder: Path) -> Outcome:
    storm = Storm(sizes, folder, _progress)

    def interrupted() -> None:
        print("\nstopping: what was sent is judged; Ctrl-C again ends at once", file=sys.stderr)
        asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
        storm.stop()

    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupted)
    return await storm.run()


def _sizes() -> Sizes:
    parser = argparse.ArgumentParser(prog="make storm", description=(__doc__ or "").strip())
    for each in fields(Sizes):
        name = f"--{each.name.replace('_', '-')}"
        parser.add_argument(
            name, type=type(each.default), default=each.default, help=f"{HELP[each.name]} (%(default)s)"
        )
    return Sizes(**vars(parser.parse_args()))


def _progress(what: str, done: int, all_of_them: int) -> None:
    if sys.stderr.isatty() or done == all_of_them or done % 500 == 0:
        bar = "█" * (done * 30 // all_of_them)
        end = "\n" if done == all_of_them or not sys.stderr.isatty() else ""
        print(f"\r{what:6} {bar:30} {done:,} of {all_of_them:,} ", end=end, file=sys.stderr, flush=True)


def summary(outcome: Outcome, sizes: Sizes, seconds: float) -> str:
    journal, faults = outcome.journal, outcome.faults
    ends = ", ".join(f"{name} {faults[name]}" for name in ("worker", "postgres", "redis", "qdrant"))
    poisoned = sum(1 for key in journal.kept if journal.said[key].poison)
    lines = [
        f"seed {sizes.seed}: {len(journal.kept) + len(journal.gone):,} events acknowledged, {len(journal.gone):,} of"
        f" them forgotten, {poisoned:,} of the others poisoned; {seconds:.0f} s",
        f"killed in {outcome.ticks:,} ticks: {ends}",
    ]
    if outcome.stopped:
        lines.append("stopped before all was sent")
    for name, found in outcome.findings.rows():
        lines += [f"{len(found):6,}  {name}", *(f"        {one}" for one in found[:SHOWN])]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
