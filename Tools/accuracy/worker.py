"""One peer on one case, in a process of its own: what it named for every test image, or why it could not.

usage: worker.py FOLDER ENGINE RESULT.json"""

import contextlib
import json
import logging
import pathlib
import sys
import time
import warnings

from engines import ENGINES, Case, version


def main(folder, word, target):
    name, packages, measure = ENGINES[word]
    facts = json.loads((pathlib.Path(folder) / "case.json").read_text())
    started = time.monotonic()
    result = {"engine": name, "versions": version(*packages)}
    try:
        with contextlib.redirect_stdout(sys.stderr):
            result["classes"], result["method"] = measure(Case(folder, facts))
    except Exception as error:  # a peer's tool may fail in any way; its words go into the table
        result["failure"] = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    result["seconds"] = round(time.monotonic() - started, 1)
    pathlib.Path(target).write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    main(*sys.argv[1:])
