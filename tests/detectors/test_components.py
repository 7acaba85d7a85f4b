"""Components by runs are the 8-connected components that scikit-image finds."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.measure import label, regionprops

from detectors.components import components, highest

SCORES = arrays(np.uint8, st.tuples(st.integers(1, 24), st.integers(1, 24)), elements=st.integers(0, 255))


@settings(max_examples=80, deadline=None)
@given(SCORES, st.integers(1, 255))
def test_boxes_areas_and_highest_scores_agree_with_scikit_image(score: np.ndarray, low: int) -> None:
    found = sorted(map(tuple, components(score, low)[:, :7].tolist()))
    regions = regionprops(label(score >= low, connectivity=2), score)
    expected = sorted(
        (r.bbox[1], r.bbox[0], r.bbox[3], r.bbox[2], int(r.area), int(r.intensity_max), int(score[label_of(r)].sum()))
        for r in regions
    )
    assert found == expected


def label_of(region: object) -> tuple[np.ndarray, np.ndarray]:
    """The (rows, columns) of a region's pixels."""
    coordinates = region.coords  # type: ignore[attr-defined]
    return coordinates[:, 0], coordinates[:, 1]


@settings(max_examples=40, deadline=None)
@given(SCORES)
def test_the_highest_score_is_the_maximum_of_the_map(score: np.ndarray) -> None:
    assert highest(score) == int(score.max())


def test_a_map_below_the_threshold_has_no_components() -> None:
    assert components(np.full((5, 7), 9, np.uint8), 10).shape == (0, 7)
