"""The windows of the dock that segments."""
