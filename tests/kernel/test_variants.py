"""Variants of a document: the same sites, and the same errors, as when the document is written anew."""

import re
from pathlib import Path

import pytest

from kernel.site.reader import SiteErrors, Variants, read_site, set_values

DOCUMENT = (Path(__file__).parent.parent.parent / "docs" / "site-file.md").read_text("utf-8")
EXAMPLE = re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL)[0]
ALLOWED = [
    (),
    (("rule.gate.sensitivity", "70"),),
    (("rule.gate.sensitivity", "70"), ("channel.thermal.vca.scene_mode", "distant_view")),
    (("rule.yard.size_filter.vehicle.max", "[0.3, 0.6]"), ("rule.yard.duration", "2.5")),
    (("channel.optical.vca.scene_mode", "leaves_interfered"),),
    (("schedules.night.sat", "[]"),),
]
REFUSED = [
    (("rule.gate.sensitivity", "700"),),
    (("rule.nobody.sensitivity", "50"),),
    (("rule.gate.sensitivity", "50"), ("rule.gate.sense", "50")),
    (("rule.gate", "50"),),
]


@pytest.mark.parametrize("settings", ALLOWED)
def test_a_variant_is_the_site_that_the_changed_document_describes(settings: tuple[tuple[str, str], ...]) -> None:
    variants = Variants(EXAMPLE)
    expected = read_site(set_values(EXAMPLE, settings) if settings else EXAMPLE)
    assert variants.site(settings) == expected
    assert variants.site(()) == read_site(EXAMPLE), "a variant leaves the document alone"


@pytest.mark.parametrize("settings", REFUSED)
def test_a_variant_that_is_not_allowed_is_refused_in_the_same_words(settings: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(SiteErrors) as alone:
        set_values(EXAMPLE, settings)
    with pytest.raises(SiteErrors) as variant:
        Variants(EXAMPLE).site(settings)
    assert variant.value.errors == alone.value.errors
