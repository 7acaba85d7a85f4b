"""The arguments of drivers that use a network camera's HTTP interface: where it is, and where the password is kept."""

import argparse
from pathlib import Path

from devices.camera_http import CameraAddress


def add_camera_words(parser: argparse.ArgumentParser) -> None:
    """Let the parser take them."""
    parser.add_argument("url", help="http://HOST or https://HOST")
    parser.add_argument("--user", default="")
    parser.add_argument("--password-file", default="", help="a file that holds the password, or secret:NAME")
    parser.add_argument("--ca-file", default="", help="of https: the certificates to trust, instead of the system's")
    parser.add_argument("--base", type=Path, default=Path(), help="where relative files are")


def camera_address(given: argparse.Namespace) -> CameraAddress:
    """The address that the arguments name."""
    return CameraAddress(given.url, given.user, given.password_file, given.ca_file, given.base)
