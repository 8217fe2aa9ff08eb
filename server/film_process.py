"""The cell in which ffmpeg opens strangers' films: little of everything, and no network.

A script that imports nothing of ours: it binds itself and becomes the program that it is given.
`film_process.py MEMORY CPU_SECONDS FILE_BYTES READ WRITE PROGRAM ARGUMENT...`: bytes, seconds, the
file that may be read and the one that may be written, which is there already (or nothing): no file
can be made. What the kernel cannot do is left out (user namespaces, Landlock); limits hold on every
Unix. SECURITY "Media".
"""

import ctypes
import os
import resource
import signal
import struct
import sys
from contextlib import suppress
from typing import Final

CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWNET: Final = 0x40000000
PR_SET_PDEATHSIG: Final = 1
PR_SET_NO_NEW_PRIVS: Final = 38
OPEN_FILES: Final = 64
NICE: Final = 10
"""Pages come first."""

# Landlock, linux/landlock.h: system calls, and rights over files (ABI 1)
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PATH_BENEATH = 1
_EXECUTE, _WRITE, _READ, _READ_FOLDER = 1, 2, 4, 8
_ALL = (1 << 13) - 1
_PROGRAMS = ("/usr", "/lib", "/lib64", "/bin", "/opt", "/nix/store", "/etc/alternatives")
_DATA = ("/etc/ld.so.cache", "/proc", "/sys/devices/system/cpu", "/dev/urandom")


def limit(memory: int, cpu_s: int, file_bytes: int) -> None:
    """Bind this process: memory, CPU, the size of a file, open files, no core."""
    for what, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # not every system has every limit
            resource.setrlimit(what, (value, value))
    with suppress(OSError):
        os.nice(NICE)


def cut_off() -> None:
    """Into a network namespace where there is no network."""
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)


def lock_up(read: str, write: str) -> None:
    """Leave of the disk what the program itself needs, `read` and `write`. Linux 5.13 and later."""
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        rights = struct.pack("Q", _ALL)
        ruleset = libc.syscall(_CREATE_RULESET, rights, ctypes.c_size_t(len(rights)), 0)
        if ruleset < 0:
            return
        for paths, allowed in (
            (_PROGRAMS, _EXECUTE | _READ | _READ_FOLDER),
            (_DATA, _READ | _READ_FOLDER),
            (("/dev/null",), _READ | _WRITE),
            ((read,), _READ),
            ((write,), _READ | _WRITE),
        ):
            for path in paths:
                _allow(libc, ruleset, path, allowed)
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.syscall(_RESTRICT_SELF, ruleset, 0)
        os.close(ruleset)


def die_with(parent: int) -> None:
    """End when the process ends that started this one, however that happens. Linux.

    The program that follows inherits it. Changed credentials forget it: it comes last.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, allowed: int) -> None:
    with suppress(OSError):
        if not os.path.isdir(path):
            allowed &= ~_READ_FOLDER
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = struct.pack("=Qi", allowed, handle)
        libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
        os.close(handle)


def main(arguments: list[str]) -> None:
    """Bind, then become the program."""
    memory, cpu_s, file_bytes, read, write, *program = arguments
    parent = os.getppid()
    limit(int(memory), int(cpu_s), int(file_bytes))
    cut_off()
    lock_up(read, write)
    for number in (
        signal.SIGPIPE,
        signal.SIGXFSZ,
    ):  # Python ignores them, and who follows would too
        signal.signal(number, signal.SIG_DFL)
    die_with(parent)
    os.execv(program[0], program)  # noqa: S606  what we were started for


if __name__ == "__main__":
    main(sys.argv[1:])
