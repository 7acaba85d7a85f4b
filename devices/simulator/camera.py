"""Where a point of the yard falls in the picture."""

import msgspec
import numpy as np


class Camera(msgspec.Struct, frozen=True):
    """A pinhole camera over level ground, its image plane upright and shifted so that the horizon is where it is.

    World coordinates are metres: x to the right, y up, z away from the camera, whose foot is the origin.
    """

    width_px: int
    height_px: int
    focal_px: float
    horizon_px: float
    height_m: float

    def project(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) world points to (n, 2) pixel positions; what is behind 0.5 m is held there."""
        z = np.maximum(points[:, 2], 0.5)
        across = self.width_px / 2 + self.focal_px * points[:, 0] / z
        down = self.horizon_px + self.focal_px * (self.height_m - points[:, 1]) / z
        return np.stack([across, down], axis=1)

    def scale(self, z: float) -> float:
        """Pixels a metre at distance `z` in metres."""
        return self.focal_px / max(z, 0.5)

    def ground(self) -> tuple[np.ndarray, np.ndarray]:
        """World x and z, each (height, width), of the ground that every pixel sees; z is inf from the horizon up."""
        rows = np.arange(self.height_px, dtype=np.float64)[:, None] + 0.5 - self.horizon_px
        columns = np.arange(self.width_px, dtype=np.float64)[None, :] + 0.5 - self.width_px / 2
        z = np.where(rows > 0, self.focal_px * self.height_m / np.maximum(rows, 1e-9), np.inf)
        z = np.broadcast_to(z, (self.height_px, self.width_px))
        return np.where(np.isfinite(z), columns * np.where(np.isfinite(z), z, 0.0) / self.focal_px, 0.0), z
