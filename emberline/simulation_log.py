"""A log of a simulated site in one call, for notebooks, examples and tests."""

from pathlib import Path

from devices.recordings import open_source
from emberline.sites import load_site
from emberline.versions import versions
from emberline.wiring import import_log, make_engine, write_log
from replay.importer import ImportPlan, import_recordings
from replay.outcome_writer import append_outcome
from replay.sessions import sessions_of

SITES = Path(__file__).resolve().parent.parent / "datasets" / "sites"
LEDGER = "ledger.jsonl"
DEMO_START_NS = 1_772_326_800_000_000_000
"""2026-03-01 02:00 in Berlin: the demo's night."""


def simulation_log(folder: Path, site: Path = SITES / "demo.toml", start_ns: int | None = DEMO_START_NS) -> Path:
    """The log in `folder`; where there is none yet, the site's simulated channels are recorded and folded into it.

    Raises `Unusable` or `MediaError` where the site cannot be read or is not a simulated one.
    """
    if (folder / LEDGER).is_file():
        return folder
    loaded = load_site(site)
    sources = {c.id: open_source(c.source, fps=c.fps) for c in loaded.site.channels}
    with import_log(folder) as log:
        import_recordings(log, ImportPlan(sources, loaded.document, versions(), start_ns))
    with write_log(folder) as log:
        append_outcome(log, sessions_of(log)[0], make_engine())
    return folder
