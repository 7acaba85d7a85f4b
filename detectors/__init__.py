"""From pixels to conclusions: background, segmentation, tracks, classes, rules."""
