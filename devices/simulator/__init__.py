"""A simulated yard: the same scene and seed give the same thermal and optical recordings, with their truth.

Scenes are data, in datasets/scenes.
"""

from devices.simulator.opening import open_simulation
from devices.simulator.scene import load_scene, read_scene, scene_names
from devices.simulator.simulation import Simulation
from devices.simulator.truth import labels, truth, write_truth

__all__ = ["Simulation", "labels", "load_scene", "open_simulation", "read_scene", "scene_names", "truth", "write_truth"]
