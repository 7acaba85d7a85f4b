"""The append-only event log.

`contract.py` says what it promises; `duckdb_log.py` (`open_log`) and `memory.py` (`MemoryLog`) keep it, `verify.py`
holds a log on disk against it. Nothing is imported here, so that the contract costs nothing to import.
"""
