"""The run-time filter gives what filterpy's gives, step by step."""

import numpy as np
import pytest
from filterpy.common import Q_discrete_white_noise
from filterpy.kalman import KalmanFilter
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.kalman import begin, predict, update

POSITIONS = st.floats(-1000, 1000)
STEPS = st.lists(st.tuples(st.floats(0.01, 2.0), POSITIONS), min_size=1, max_size=12)


def oracle(first: float, steps: list[tuple[float, float]], acceleration_var: float) -> KalmanFilter:
    """The same targets through filterpy."""
    kf = KalmanFilter(dim_x=2, dim_z=1)
    kf.x, kf.P = np.array([[first], [0.0]]), np.diag([4.0, 900.0])
    kf.H, kf.R = np.array([[1.0, 0.0]]), np.array([[4.0]])
    for dt, measured in steps:
        kf.F = np.array([[1.0, dt], [0.0, 1.0]])
        kf.Q = Q_discrete_white_noise(2, dt, acceleration_var)
        kf.predict()
        kf.update(measured)
    return kf


@settings(max_examples=60, deadline=None)
@given(POSITIONS, STEPS, st.sampled_from([1.0, 400.0, 10000.0]))
def test_the_filter_agrees_with_filterpy_after_any_sightings(
    first: float, steps: list[tuple[float, float]], acceleration_var: float
) -> None:
    estimate = begin(first, 4.0, 900.0)
    for dt, measured in steps:
        estimate = update(predict(estimate, dt, acceleration_var), measured, 4.0)
    kf = oracle(first, steps, acceleration_var)
    assert estimate.position == pytest.approx(float(kf.x[0, 0]), rel=1e-8, abs=1e-6)
    assert estimate.velocity == pytest.approx(float(kf.x[1, 0]), rel=1e-8, abs=1e-6)
    assert (estimate.pp, estimate.pv, estimate.vv) == pytest.approx(
        (float(kf.P[0, 0]), float(kf.P[0, 1]), float(kf.P[1, 1])), rel=1e-6, abs=1e-6
    )


def test_a_target_that_keeps_its_speed_is_expected_where_it_will_be() -> None:
    estimate = begin(0.0, 4.0, 900.0)
    for k in range(1, 30):
        estimate = update(predict(estimate, 0.1, 400.0), 5.0 * k, 4.0)
    assert predict(estimate, 0.1, 400.0).position == pytest.approx(150.0, abs=0.5)
