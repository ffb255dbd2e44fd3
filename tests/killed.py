"""The death of a process, where a test cannot die with it."""


class Killed(BaseException):
    """What no code catches, as none hears of SIGKILL."""
