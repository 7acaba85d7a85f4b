"""A tiny detection network, built on the spot: it takes what is brighter than its surroundings for class 0."""

from pathlib import Path
from typing import Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE, CELL = 96, 32
BOX = (20.0, 36.0)
"""Width and height, in pixels of the input, of what it finds in one of its nine cells."""


def bright_spots(
    path: Path, layout: Literal["raw", "final"] = "raw", classes: int = 2, height: int = SIDE, outputs: int = 1
) -> Path:
    """Write the network: input (1, 3, `height`, 96) float; each of the 3 × 3 cells is an object of class 0 as sure as
    the cell is bright. In the layout `raw` further classes are there, at 0.02 everywhere."""
    cells = (height // CELL) * (SIDE // CELL)
    boxes = _boxes(height // CELL) if layout == "raw" else _corners(height // CELL)
    other = np.full((1, classes - 1 if layout == "raw" else 1, cells), 0.02 if layout == "raw" else 0.0, np.float32)
    constants = {"boxes": boxes, "others": other, "shape": np.array([1, 1, cells], np.int64), "axes": np.array([1])}
    nodes = [
        helper.make_node("AveragePool", ["images"], ["pooled"], kernel_shape=[CELL, CELL], strides=[CELL, CELL]),
        helper.make_node("ReduceMean", ["pooled", "axes"], ["grey"], keepdims=1),
        helper.make_node("Reshape", ["grey", "shape"], ["scores"]),
        helper.make_node("Concat", ["boxes", "scores", "others"], ["columns"], axis=1),
        helper.make_node("Transpose", ["columns"], ["rows"], perm=[0, 2, 1]),
    ]
    names = ["columns" if layout == "raw" else "rows", "scores"][:outputs]
    graph = helper.make_graph(
        nodes,
        "bright_spots",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, height, SIDE])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, None, None]) for name in names],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


def _boxes(rows: int) -> np.ndarray:
    """(1, 4, cells) float32: centre and size of the box of each cell."""
    centres = [((x + 0.5) * CELL, (y + 0.5) * CELL) for y in range(rows) for x in range(SIDE // CELL)]
    return np.array([[*centre, *BOX] for centre in centres], np.float32).T[np.newaxis]


def _corners(rows: int) -> np.ndarray:
    """The same as left, top, right, bottom."""
    boxes = _boxes(rows)
    return np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], axis=1)
