"""Tiny detection networks, built on the spot: they take what is brighter than its surroundings for class 0."""

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
    return _written(path, "bright_spots", nodes, (height, SIDE), names, constants)


HEADS_SIZE = (192, 96)
"""Width and height of the input of `heads`."""
HEAD = 8
PERSON = (12.0, 48.0)
"""Width and height of whom `heads` finds, the head of 8 × 8 pixels at the top included."""


def heads(path: Path) -> Path:
    """Write a network that finds people by their bright heads: a convolution over 8 × 8 pixels, and where it is highest
    within 9 × 9 somebody of the size `PERSON` stands below, as sure as the head is bright. Two classes, class 0."""
    width, height = HEADS_SIZE
    cells = width * height
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    places = [x + 0.5, y + 0.5 + (PERSON[1] - HEAD) / 2, np.full_like(x, PERSON[0]), np.full_like(x, PERSON[1])]
    constants = {
        "kernel": np.full((1, 3, HEAD, HEAD), 1 / (3 * HEAD * HEAD), np.float32),
        "dim": np.array(0.6, np.float32),
        "range": np.array(0.3, np.float32),
        "none": np.array(0.0, np.float32),
        "all": np.array(1.0, np.float32),
        "shape": np.array([1, 1, cells], np.int64),
        "boxes": np.stack(places).reshape(1, 4, cells),
        "others": np.zeros((1, 1, cells), np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["images", "kernel"], ["bright"], pads=[4, 4, 3, 3]),
        helper.make_node("Sub", ["bright", "dim"], ["above"]),
        helper.make_node("Div", ["above", "range"], ["sure"]),
        helper.make_node("Clip", ["sure", "none", "all"], ["clipped"]),
        helper.make_node("MaxPool", ["clipped"], ["highest"], kernel_shape=[9, 9], pads=[4, 4, 4, 4]),
        helper.make_node("Equal", ["clipped", "highest"], ["peak"]),
        helper.make_node("Cast", ["peak"], ["ones"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["clipped", "ones"], ["peaks"]),
        helper.make_node("Reshape", ["peaks", "shape"], ["scores"]),
        helper.make_node("Concat", ["boxes", "scores", "others"], ["columns"], axis=1),
    ]
    return _written(path, "heads", nodes, (height, width), ["columns"], constants)


def _written(
    path: Path,
    name: str,
    nodes: list[onnx.NodeProto],
    size: tuple[int, int],
    outputs: list[str],
    constants: dict[str, np.ndarray],
) -> Path:
    """The network as a file; `size` is height and width of its input."""
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, *size])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, [1, None, None]) for output in outputs],
        [numpy_helper.from_array(value, constant) for constant, value in constants.items()],
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
