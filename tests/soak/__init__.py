"""Long runs of the whole daemon; `make soak` and `make soak-rtsp`."""
