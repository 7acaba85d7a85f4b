"""A constant-velocity Kalman filter for one coordinate, written out so that it gives the same bits everywhere.

The state is (position, velocity) in pixels and pixels a second. Process noise is white acceleration, discretised as
by `filterpy.common.Q_discrete_white_noise`; the tests hold every step against filterpy. Only + − × ÷ on Python floats,
in a fixed order: through a matrix product the last bits would depend on the machine's BLAS.
"""

import msgspec


class Estimate(msgspec.Struct, frozen=True):
    """Position and velocity with their covariance (pp, pv, vv)."""

    position: float
    velocity: float
    pp: float
    pv: float
    vv: float


def begin(position: float, position_var: float, velocity_var: float) -> Estimate:
    """A target first seen at `position`, at rest as far as anybody knows."""
    return Estimate(position, 0.0, position_var, 0.0, velocity_var)


def predict(e: Estimate, dt: float, acceleration_var: float) -> Estimate:
    """The state `dt` seconds later."""
    dt2 = dt * dt
    q_pp = 0.25 * dt2 * dt2 * acceleration_var
    q_pv = 0.5 * dt2 * dt * acceleration_var
    q_vv = dt2 * acceleration_var
    pp = (e.pp + dt * e.pv) + dt * (e.pv + dt * e.vv) + q_pp
    pv = e.pv + dt * e.vv + q_pv
    return Estimate(e.position + dt * e.velocity, e.velocity, pp, pv, e.vv + q_vv)


def update(e: Estimate, measured: float, measurement_var: float) -> Estimate:
    """Take in a measured position."""
    innovation_var = e.pp + measurement_var
    gain_p = e.pp / innovation_var
    gain_v = e.pv / innovation_var
    residual = measured - e.position
    keep = 1.0 - gain_p
    return Estimate(
        e.position + gain_p * residual,
        e.velocity + gain_v * residual,
        keep * e.pp,
        keep * e.pv,
        e.vv - gain_v * e.pv,
    )
