"""The pages that document the outputs: their examples work, and nothing that is there is left out."""

import re
from pathlib import Path

import pytest

from emberline.drivers import DELIVERIES
from kernel.site.reader import parse_site
from support.cli import REPOSITORY, emberline

PAGES = sorted((REPOSITORY / "docs" / "outputs").glob("*.md"))
LINKAGE = REPOSITORY / "docs" / "linkage.md"
EXAMPLES = [page for page in PAGES if page.name != "README.md"]


def example(page: Path) -> str:
    (toml,) = re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    return toml


@pytest.mark.parametrize("page", EXAMPLES, ids=lambda page: page.stem)
def test_the_example_of_a_page_is_good(page: Path) -> None:
    _, warnings = parse_site(example(page))
    assert not warnings


def test_check_finds_an_example_good(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(example(EXAMPLES[0]))
    result = emberline("check", site)
    assert (result.code, result.err) == (0, "")


def test_the_example_of_a_capture_is_good() -> None:
    _, warnings = parse_site(example(EXAMPLES[0]) + example(LINKAGE))
    assert not warnings


def test_every_kind_of_output_has_an_example() -> None:
    kinds = {link.kind for page in EXAMPLES for link in parse_site(example(page))[0].linkages}
    assert kinds >= {*DELIVERIES, "alarm_output", "light", "audible"}


def test_the_first_page_leads_to_every_other() -> None:
    text = (REPOSITORY / "docs" / "outputs" / "README.md").read_text("utf-8")
    assert set(re.findall(r"\((\w+\.md)\)", text)) == {page.name for page in EXAMPLES}
