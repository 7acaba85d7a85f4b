"""The driver of `rtsp:`, `rtsps:`, `http:` and `https:` sources: a network camera's video, passed on undecoded."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from devices.live import SourceAway, run_live
from devices.secrets import SecretError, read_secret
from kernel.media import Packet, Shot


def main(arguments: Sequence[str] | None = None) -> int:
    """Pass on the video of the camera that the arguments name. Returns the process's exit status."""
    parser = argparse.ArgumentParser(prog="devices.drivers.stream", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--user", default="")
    parser.add_argument("--password-file", default="", help="a file that holds the password, or secret:NAME")
    parser.add_argument("--base", type=Path, default=Path(), help="where a relative password file is")
    parser.add_argument("--transport", choices=("tcp", "udp"), default="tcp", help="of RTSP")
    given = parser.parse_args(arguments)

    def connect() -> Iterator[Shot | Packet]:
        from devices.network_stream import Address, packets_of  # late: FFmpeg takes long to load

        try:  # read anew for each connection, so that a changed password is taken up
            password = read_secret(given.password_file, given.base) if given.password_file else ""
        except SecretError as error:
            raise SourceAway(str(error)) from None
        return packets_of(Address(given.url, given.user, password, given.transport))

    return run_live(connect, {"driver": "stream"})


if __name__ == "__main__":
    raise SystemExit(main())
