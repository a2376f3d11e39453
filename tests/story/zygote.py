"""A process that has loaded what every start loads, and becomes the product again and again by forking.

`python zygote.py FD` serves the socket FD, a line of JSON each: `{"start": {"argv", "env", "cwd", "log"}}` → `{"pid"}`,
`{"ended": pid}` → `{"code"}` of one that has ended. It has no threads and no loop, so a child is as one started anew.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import sys
import traceback
from typing import Any

import aiosqlite  # noqa: F401
import slack_bolt.async_app  # noqa: F401
import sqlalchemy.dialects.sqlite.aiosqlite  # noqa: F401
import uvloop  # noqa: F401

import tierline.app
import tierline.rehearsal  # noqa: F401
from tierline import __main__ as product


def start(it: dict[str, Any]) -> int:
    """The pid of a child that is `tierline ARGV` by now."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.chdir(it["cwd"])
        os.environ.clear()
        os.environ.update(it["env"])
        log = os.open(it["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.closerange(3, 64)  # whatever the one that forked us has open
        sys.argv = ["tierline", *it["argv"]]
        product.main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        _leave(code)
    return 0


def _leave(code: int) -> None:
    """As an interpreter does at its end, as far as anything of the product can tell."""
    import atexit
    import threading

    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as at any end
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main() -> None:
    """Serve until whoever started us is gone."""
    gc.freeze()
    server = socket.socket(fileno=int(sys.argv[1]))
    with server.makefile("rw", encoding="utf-8") as lines:
        for line in lines:
            asked = json.loads(line)
            if "start" in asked:
                answer = {"pid": start(asked["start"])}
            else:
                _, status = os.waitpid(asked["ended"], 0)
                answer = {"code": os.waitstatus_to_exitcode(status)}
            print(json.dumps(answer), file=lines, flush=True)


if __name__ == "__main__":
    main()
