"""The rules: what a target must do to set off an alarm. `docs/rules.md` says exactly what each of them means."""

from detectors.rules.rulebook import RuleBook, Verdict

__all__ = ["RuleBook", "Verdict"]
