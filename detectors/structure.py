"""The structure of a view: how the edges in each block of the picture agree with those of a reference.

The picture is shrunk to a working size first, and once more to a coarse one: a camera out of focus loses fine edges
alone, a covered one all of them. All sums are over integers, so they are the same everywhere.
"""

import numpy as np
from numba import njit

ROWS, COLUMNS = 9, 12
"""The grid of blocks."""
WORKING_WIDTH = 640
COARSE_WIDTH = 80
UNIT = 16
"""One count of the sensor in the shrunk picture."""
REACH_PERCENT = 35
"""How far a shift is looked for, in percent of the picture."""


@njit(cache=True, nogil=True)
def shrunk(picture: np.ndarray, factor: int, unit: int) -> np.ndarray:
    """The averages of `factor` × `factor` pixels, times `unit`; (height // factor, width // factor) int32."""
    height, width = picture.shape[0] // factor, picture.shape[1] // factor
    out = np.empty((height, width), np.int32)
    area = np.int64(factor * factor)
    for y in range(height):
        for x in range(width):
            total = np.int64(0)
            for j in range(y * factor, (y + 1) * factor):
                for i in range(x * factor, (x + 1) * factor):
                    total += np.int64(picture[j, i])
            out[y, x] = np.int32((total * unit) // area)
    return out


def levels(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture at working size and coarse, int32 in 1/UNIT counts."""
    fine = shrunk(pixels, max(1, pixels.shape[1] // WORKING_WIDTH), UNIT)
    return fine, shrunk(fine, max(2, fine.shape[1] // COARSE_WIDTH), 1)


@njit(cache=True, nogil=True)
def compared(reference: np.ndarray, picture: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Sums over the gradients of each block, (ROWS, COLUMNS, 4) int64; the pictures are (height, width) int32.

    Of the reference squared, of reference times picture, of the picture squared, and of half the squared change since
    the picture `before`: what of the picture's gradients is but noise.
    """
    height, width = picture.shape
    out = np.zeros((ROWS, COLUMNS, 4), np.int64)
    for row in range(ROWS):
        for column in range(COLUMNS):
            squared, shared, own, change = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
            for y in range(max(1, row * height // ROWS), min(height - 1, (row + 1) * height // ROWS)):
                for x in range(max(1, column * width // COLUMNS), min(width - 1, (column + 1) * width // COLUMNS)):
                    expected = np.int64(reference[y, x + 1] - reference[y, x - 1])
                    found = np.int64(picture[y, x + 1] - picture[y, x - 1])
                    past = np.int64(before[y, x + 1] - before[y, x - 1])
                    squared += expected * expected
                    shared += expected * found
                    own += found * found
                    change += (found - past) * (found - past)
                    expected = np.int64(reference[y + 1, x] - reference[y - 1, x])
                    found = np.int64(picture[y + 1, x] - picture[y - 1, x])
                    past = np.int64(before[y + 1, x] - before[y - 1, x])
                    squared += expected * expected
                    shared += expected * found
                    own += found * found
                    change += (found - past) * (found - past)
            out[row, column, 0], out[row, column, 1] = squared, shared
            out[row, column, 2], out[row, column, 3] = own, change // 2
    return out


@njit(cache=True, nogil=True)
def learn(reference: np.ndarray, picture: np.ndarray, rates: np.ndarray) -> None:
    """Move the reference, float32, towards the picture, int32, at each block's rate, (ROWS, COLUMNS) float32."""
    height, width = picture.shape
    for row in range(ROWS):
        for column in range(COLUMNS):
            rate = rates[row, column]
            for y in range(row * height // ROWS, (row + 1) * height // ROWS):
                for x in range(column * width // COLUMNS, (column + 1) * width // COLUMNS):
                    reference[y, x] += rate * (np.float32(picture[y, x]) - reference[y, x])


@njit(cache=True, nogil=True)
def layout(picture: np.ndarray) -> np.ndarray:
    """The average of each block, (ROWS, COLUMNS) int64."""
    height, width = picture.shape
    out = np.zeros((ROWS, COLUMNS), np.int64)
    for row in range(ROWS):
        for column in range(COLUMNS):
            total, count = np.int64(0), 0
            for y in range(row * height // ROWS, (row + 1) * height // ROWS):
                for x in range(column * width // COLUMNS, (column + 1) * width // COLUMNS):
                    total += np.int64(picture[y, x])
                    count += 1
            out[row, column] = total // max(1, count)
    return out


@njit(cache=True, nogil=True)
def saturated(pixels: np.ndarray, level: int) -> np.ndarray:
    """How many percent of each block's pixels reach `level`, (ROWS, COLUMNS) int64."""
    height, width = pixels.shape
    out = np.zeros((ROWS, COLUMNS), np.int64)
    for row in range(ROWS):
        for column in range(COLUMNS):
            count, reached = 0, 0
            for y in range(row * height // ROWS, (row + 1) * height // ROWS):
                for x in range(column * width // COLUMNS, (column + 1) * width // COLUMNS):
                    count += 1
                    reached += pixels[y, x] >= level
            out[row, column] = 100 * reached // max(1, count)
    return out


def edge_signs(picture: np.ndarray) -> np.ndarray:
    """Where the picture's stronger half of edges is and which way they go: (2, height, width) int8 of -1, 0, 1.

    A hot target has no more weight here than any other edge.
    """
    across, along = np.zeros(picture.shape, np.int32), np.zeros(picture.shape, np.int32)
    across[:, 1:-1] = picture[:, 2:] - picture[:, :-2]
    along[1:-1, :] = picture[2:, :] - picture[:-2, :]
    edges = np.stack((across, along))
    size = np.abs(edges).ravel()
    middle = np.partition(size, size.size // 2)[size.size // 2]
    return (np.sign(edges) * (np.abs(edges) > middle)).astype(np.int8)


@njit(cache=True, nogil=True)
def best_shift(reference: np.ndarray, picture: np.ndarray) -> tuple[int, int, int, int]:
    """Where the picture's `edge_signs` fit the reference's best when it is moved, by trying every shift.

    Returns (x, y, agreement there, agreement without a shift): pixels of these pictures, and the normalised
    correlation in percent where both overlap.
    """
    _, height, width = picture.shape
    far_x, far_y = width * REACH_PERCENT // 100, height * REACH_PERCENT // 100
    best, best_x, best_y, unmoved = -101, 0, 0, 0
    for shift_y in range(-far_y, far_y + 1):
        for shift_x in range(-far_x, far_x + 1):
            squared, shared, own = 0, 0, 0
            for k in range(2):
                for y in range(max(0, -shift_y), min(height, height - shift_y)):
                    for x in range(max(0, -shift_x), min(width, width - shift_x)):
                        expected = np.int32(reference[k, y, x])
                        found = np.int32(picture[k, y + shift_y, x + shift_x])
                        squared += expected * expected
                        shared += expected * found
                        own += found * found
            size = np.sqrt(np.float64(squared) * np.float64(own))
            agreement = int(np.float64(100 * shared) / size) if size > 0.0 else 0
            if shift_x == 0 and shift_y == 0:
                unmoved = agreement
            if agreement > best:
                best, best_x, best_y = agreement, shift_x, shift_y
    return best_x, best_y, best, unmoved
