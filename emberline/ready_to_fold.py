"""Importing this leaves a process ready to fold: what it takes is loaded, the detectors' compiled code as well.

For the server from which processes that refold are forked (`replay.side_by_side`): what it has loaded they have.
"""

import emberline.wiring  # noqa: F401
import replay.side_by_side  # noqa: F401
from emberline.warm_up import warm_up
from kernel.site.default_site import default_site
from kernel.site.reader import parse_site

warm_up(parse_site(default_site([("thermal", "thermal"), ("optical", "optical")], rules=True))[0])
