"""Restore defaults: the tuning goes, the site stays."""

from emberline.defaults import with_defaults
from kernel.site.reader import read_site
from support.sites import whole_frame

TUNED = whole_frame(sensitivity=80, single_alarm="false", scene_mode='"distant_view"').replace(
    "0.5\ntargets", "2\ntargets"
)


def test_tuned_parameters_go_back_to_their_defaults() -> None:
    (rule,) = read_site(with_defaults(TUNED)).rules
    assert (rule.sensitivity, rule.scene_mode, rule.single_alarm) == (50, "general", True)
    assert (rule.duration_ns, rule.targets) == (5_000_000_000, frozenset(("human", "vehicle")))


def test_lines_regions_and_linkage_stay() -> None:
    before, after = read_site(TUNED), read_site(with_defaults(TUNED))
    assert (before.rules[0].region, before.rules[0].linkage) == (after.rules[0].region, after.rules[0].linkage)
    assert before.linkages == after.linkages


def test_a_site_that_says_nothing_is_left_to_the_letter() -> None:
    plain = (
        whole_frame().replace("duration = 0.5\n", "").replace('targets = ["human", "vehicle", "animal", "other"]\n', "")
    )
    assert with_defaults(plain) == plain
