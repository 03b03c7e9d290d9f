"""Builds what is measured of ours, and the small C programs beside it."""

import pathlib
import shutil
import subprocess

from peers import FOLDER, say
from wheels import last_line

ROOT = FOLDER.parent.parent


def run(words, what):
    result = subprocess.run([str(word) for word in words], cwd=ROOT, capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"bench: {what}: {last_line(result)}")


def compiler():
    return next((name for name in ("clang", "gcc", "cc") if shutil.which(name)), None)


class Programs:
    """Where the programs are. Given ones are used as they are, the others are built."""

    def __init__(self, work, swift_options, ours=None, convert=None):
        self.work, self.options = work, swift_options
        self._ours, self._convert = ours, convert
        work.mkdir(parents=True, exist_ok=True)

    def _build(self, product):
        say(f"swift build {' '.join(self.options)} --product {product}")
        shown = subprocess.run(["swift", "build", *self.options, "--show-bin-path"], cwd=ROOT, capture_output=True, text=True)
        folder = pathlib.Path(shown.stdout.strip())
        if product == "edgecnn":  # the archiver adds to what there is: an object whose source is gone would stay
            (folder / "libedgecnn.a").unlink(missing_ok=True)
        run(["swift", "build", *self.options, "--product", product, "--quiet"], f"{product} does not build")
        return folder

    def ours(self):
        if self._ours is None:
            if compiler() is None or not shutil.which("swift"):
                raise SystemExit("bench: no swift and C compiler to build with, expected them or --ours FILE")
            folder, target = self._build("edgecnn"), self.work / "ours"
            header, built = ROOT / "Sources/CEdgeCNN/include", self.work / "ours.o"
            run([compiler(), "-O2", "-I", header, "-c", FOLDER / "ours.c", "-o", built], "ours.c does not compile")
            run(["swiftc", built, "-L", folder, "-ledgecnn", "-o", target], "ours.c does not link")
            self._ours = target
        return self._ours

    def convert(self):
        if self._convert is None:
            self._convert = self._build("cnnconvert") / "cnnconvert"
        return self._convert

    def roofline(self):
        """None, which is said, where it cannot be compiled."""
        target = self.work / "roofline"
        if not target.exists() and compiler() is None:
            say("skipped: roofline, no C compiler")
            return None
        if not target.exists() or target.stat().st_mtime < (FOLDER / "roofline.c").stat().st_mtime:
            run([compiler(), "-O2", FOLDER / "roofline.c", "-o", target], "roofline.c does not compile")
        return target

    def hold(self):
        target = self.work / "hold.so"
        if not target.exists() and compiler() is None:
            raise SystemExit("bench: --hold-peers: no C compiler, expected clang, gcc or cc")
        if not target.exists() or target.stat().st_mtime < (FOLDER / "hold.c").stat().st_mtime:
            run([compiler(), "-O2", "-shared", "-fPIC", FOLDER / "hold.c", "-o", target], "hold.c does not compile")
        return target

    def convert_models(self, folder, names):
        """Writes NAME.bin where it is missing or older than the converter."""
        for name in names:
            model = folder / f"{name}.bin"
            convert = self.convert()
            if model.exists() and model.stat().st_mtime > convert.stat().st_mtime:
                continue
            is_gray = name.startswith("dscnn")
            pixels = ["--mean", "123.675", "--std", "58.395", "--color", "gray"] if is_gray else ["--preset", "torchvision"]
            say(f"converting {model.name}")
            run([convert, folder / f"{name}.onnx", "-o", model, "--calibrate", folder / "pictures", *pixels, "--keep-logits",
                 "--quiet"], f"{name} does not convert")
