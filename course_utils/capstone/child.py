"""The other end of the wire: a fresh interpreter that holds a learner's policy and nothing of the simulator.

Run as a script, never imported by the course. A line of JSON comes in with each day's observation, a line of JSON
goes out with the answer. Whatever the policy prints goes nowhere.
"""
import contextlib
import json
import os
import sys
import traceback

if __name__ == "__main__":
    questions, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    with contextlib.suppress(Exception):           # not on Windows, and not everywhere on macOS
        import resource
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    sys.modules["course_utils"] = None             # importing it fails
    with contextlib.suppress(ImportError):
        import numpy  # noqa: F401 - most policies do, and it takes long on a busy machine
    source, space, memory = json.loads(questions.readline()), {}, {}
    print("ready", file=answers, flush=True)
    for line in questions:
        question = json.loads(line)
        try:
            if question["new"]:                    # every episode starts with the text and nothing else
                space, memory = {"__name__": "policy"}, {}
                exec(compile(source, "policy", "exec"), space)
            result = space["policy"](question["observation"], memory)
            if not (isinstance(result, (tuple, list)) and len(result) == 2):
                raise TypeError(f"policy must return (action, claim), not {str(result)[:80]}")
            answer = json.dumps({"action": result[0], "claim": result[1]}, default=lambda value: value.item())
        except BaseException as error:             # SystemExit and KeyboardInterrupt too
            where = [frame for frame in traceback.extract_tb(error.__traceback__)
                     if frame.filename == "policy" and frame.name[0] != "<"][-1:]
            line = source.splitlines()[where[0].lineno - 1].strip() if where and where[0].lineno else ""
            text = f"{type(error).__name__}: {error}"[:200] if "policy" in space else f"no policy: {error}"[:200]
            text += f" (in {where[0].name}: {line[:80]})" if line else ""
            answer = json.dumps({"error": text})
        print(answer, file=answers, flush=True)
