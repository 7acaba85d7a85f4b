"""The front door: command line, daemon, and the wiring of kernel, detectors, devices and replay."""
