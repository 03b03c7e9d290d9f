"""Engines in processes of their own, which take turns: one runs, the others stand still."""

import json
import os
import select
import signal
import subprocess

from peers import FOLDER, OURS

START_SECONDS, RUN_SECONDS = 180, 120


class PeerError(Exception):
    """Why an engine has no time for a network, in its own words."""


class Worker:
    """An engine with a network; stands still (SIGSTOP) but for its turns, so that no spinning thread of one costs another."""

    def __init__(self, words, cores, environment):
        self.process = subprocess.Popen(
            [str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=environment, preexec_fn=lambda: os.sched_setaffinity(0, cores))
        self.buffer = b""
        try:
            self.facts = self._line(START_SECONDS)
            if "error" in self.facts:
                raise PeerError(self.facts["error"])
        except PeerError:
            self.close()
            raise
        self.process.send_signal(signal.SIGSTOP)

    def _line(self, seconds):
        stream = self.process.stdout.fileno()
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([stream], [], [], seconds)
            if not ready:
                raise PeerError(f"no answer within {seconds} s")
            data = os.read(stream, 1 << 16)
            if not data:
                status = self.process.wait()
                raise PeerError(f"ended by signal {-status}" if status < 0 else f"ended with status {status}")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        try:
            return json.loads(line)
        except ValueError:  # what a library prints on its own
            return self._line(seconds)

    def run(self, count):
        """Nanoseconds of each of `count` runs."""
        self.process.send_signal(signal.SIGCONT)
        try:
            self.process.stdin.write(f"{count}\n".encode())
            self.process.stdin.flush()
            return self._line(RUN_SECONDS)
        except OSError as error:
            raise PeerError(f"ended: {error}") from None
        finally:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGSTOP)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Course:
    """One network on so many threads: rounds in which every engine has a turn, the first one another each time."""

    def __init__(self, settings, name, threads):
        self.settings, self.name, self.threads = settings, name, threads
        self.workers, self.failures, self.facts, self.counts = {}, {}, {}, {}
        self.samples, self.rounds = {}, {}

    def _words(self, engine):
        settings = self.settings
        path = settings.models / (self.name + engine.suffix)
        failed = path.with_name(path.name + ".failed")
        if failed.exists():
            raise PeerError(failed.read_text())
        if not path.exists():
            raise PeerError(f"no {path.name}, which was not written on this machine")
        if engine.name == OURS:
            return [settings.ours, path, self.threads] + ([settings.kernels] if settings.kernels else [])
        words = [settings.python, FOLDER / "worker.py", engine.worker, path, self.threads]
        return words + ([settings.hold, settings.kernels] if settings.hold else [])

    def run(self, engines):
        cores = set(self.settings.cores[: self.threads])
        environment = dict(os.environ, OMP_NUM_THREADS=str(self.threads), PYTHONDONTWRITEBYTECODE="1")
        try:
            for engine in engines:
                try:
                    self.workers[engine] = Worker(self._words(engine), cores, environment)
                    self.facts[engine] = self.workers[engine].facts
                    self._find_count(engine)
                except PeerError as error:
                    self._fail(engine, error)
            for turn in range(self.settings.rounds):
                order = [engine for engine in engines if engine in self.workers]
                for engine in order[turn % len(order) :] + order[: turn % len(order)] if order else []:
                    self._take_turn(engine)
        finally:
            for worker in self.workers.values():
                worker.close()
        return self

    def _find_count(self, engine):
        """How many runs fill a turn, after a warm-up of as long."""
        worker, budget, spent, count = self.workers[engine], self.settings.turn_seconds * 1e9, 0, 1
        while spent < budget:
            times = worker.run(count)
            spent += sum(times)
            count = max(1, min(2 * count, int((budget - spent) / min(times))))
        self.counts[engine] = max(3, min(5000, int(budget / sorted(times)[len(times) // 2])))
        self.samples[engine], self.rounds[engine] = [], []

    def _take_turn(self, engine):
        count = self.counts[engine]
        settling = 1 + count // 10  # the caches belong to the engine before
        try:
            times = self.workers[engine].run(settling + count)[settling:]
        except PeerError as error:
            self._fail(engine, error)
            return
        self.samples[engine] += times
        times.sort()
        self.rounds[engine].append((times[0] / 1e6, times[len(times) // 2] / 1e6))

    def _fail(self, engine, error):
        self.failures[engine] = str(error)
        worker = self.workers.pop(engine, None)
        if worker:
            worker.close()
        self.samples.pop(engine, None)
        self.rounds.pop(engine, None)
