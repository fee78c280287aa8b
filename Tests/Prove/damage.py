"""Damages database and log of a killed daemon, starts it, and accounts for every event. Used by torture.py."""

import collections
import concurrent.futures
import hashlib
import json
import pathlib
import random
import shutil
import subprocess
import time

import harness
from comparing import check, digest
from harness import Failure, wait_for
from prove import Bench

PAGE = 4096
LOG_HEAD, FRAME = 32, PAGE + 24
FUNCTIONS = ["orders", "billing", "mail"]
# What the daemon may end with and be started again, as systemd would: it has met damage.
STARTS_MAX = 6
# How long a start may take to deliver what it can.
QUIET_SECONDS = 30


class Specimen:
    """The files of a daemon that was killed with events in database and log, and what they hold."""

    def __init__(self, bench, receiver, seed):
        self.folder = bench.directory / "specimen"
        self.events = {}
        self._chance = random.Random(seed)
        daemon = self.daemon(bench, receiver, self.folder)
        daemon.start()
        for _ in range(5):
            self._accept(daemon)
        daemon.wait_empty(20)
        self.events.clear()
        daemon.api("POST", "/functions/pause", {"all": True})
        for _ in range(60):
            self._accept(daemon)
        daemon.command("functions", "move-to-dead", "mail", "--yes")
        daemon.stop()
        daemon.start()
        for _ in range(60):
            self._accept(daemon)
        daemon.kill()
        for name in ("door.sock", "admin.sock", "daemon.log", "ballast"):
            (self.folder / name).unlink(missing_ok=True)

    @staticmethod
    def daemon(bench, receiver, folder, on_damage="replace"):
        extra = f"defaults: {{ drain_rate: unlimited }}\nstore: {{ on_damage: {on_damage} }}\n"
        return harness.Daemon(bench.children, folder, receiver.url, extra=extra)

    def _accept(self, daemon):
        number = len(self.events) + self._chance.randrange(1 << 30) * 1000
        size = self._chance.choice([40, 300, 300, 300, 2000, 6000, 20_000])
        body = json.dumps({"n": number, "pad": self._chance.randbytes(size // 2).hex()}).encode()
        function = self._chance.choice(FUNCTIONS)
        headers = {}
        if self._chance.random() < 0.3:
            headers["Idempotency-Key"] = f"key-{number}"
        if self._chance.random() < 0.2:
            headers["X-Amz-Tenant-Id"] = f"tenant-{number % 7}"
        identifier = daemon.accept(function, body, headers)
        self.events[identifier] = (function, headers.get("X-Amz-Tenant-Id"), digest(body))


def injure(folder, chance):
    """Changes one of the two files; says how."""
    path = folder / chance.choice(["outbox.db"] * 3 + ["outbox.db-wal"] * 2)
    data = bytearray(path.read_bytes())
    start, unit = (0, PAGE) if path.suffix == ".db" else (LOG_HEAD, FRAME)
    units = (len(data) - start) // unit
    kind = chance.choice(["flip", "flip", "flip", "flips", "zero page", "garbage", "cut", "swap", "head", "zero run"])
    place = chance.randrange(len(data))
    if kind == "flip":
        data[place] ^= 1 << chance.randrange(8)
    elif kind == "flips":
        for _ in range(chance.randrange(2, 64)):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    elif kind == "head":
        place = chance.randrange(100 if start == 0 else LOG_HEAD + 24)
        data[place] ^= 1 << chance.randrange(8)
    elif kind == "zero page":
        place = start + chance.randrange(units) * unit
        data[place:place + unit] = bytes(unit)
    elif kind in ("garbage", "zero run"):
        count = min(chance.randrange(1, 600), len(data) - place)
        data[place:place + count] = chance.randbytes(count) if kind == "garbage" else bytes(count)
    elif kind == "cut":
        del data[chance.choice([place, place // PAGE * PAGE, 0]):]
    elif kind == "swap":
        one, other = (start + chance.randrange(units) * unit for _ in range(2))
        data[one:one + unit], data[other:other + unit] = data[other:other + unit], data[one:one + unit]
    path.write_bytes(data)
    return f"{kind} at {place} of {path.name}"


def hashes(folder):
    """Each file of the queue and its bytes' hash."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.iterdir()) if path.name.startswith("outbox.db")}


def kept_files(folder):
    """Databases that were moved aside, without what stands beside them."""
    return [path for path in sorted(folder.glob("outbox.db.damaged-*")) if path.name[-1] not in "lmt"]


class Run:
    """One injury, from a copy of the specimen to the account of its events."""

    def __init__(self, bench, receiver, specimen, seed):
        self.bench, self.receiver, self.specimen, self.seed = bench, receiver, specimen, seed
        self.folder = bench.directory / f"run-{seed}"
        shutil.copytree(specimen.folder, self.folder)
        chance = random.Random(f"damage {seed}")
        self.injury = injure(self.folder, chance)
        self.stops = chance.random() < 0.2
        self.after = f'{{"after": {seed}}}'.encode()

    def account(self):
        """What became of it, in a word; anything that must not be is a failure."""
        before = hashes(self.folder)
        sound = self._verified(before)
        if self.stops:
            self._stops(before)
        record = self.receiver.record
        offset = record.stat().st_size if record.exists() else 0
        daemon = Specimen.daemon(self.bench, self.receiver, self.folder)
        kept_at_once, status, letters = self._serve(daemon)
        try:
            kept = kept_files(self.folder)
            named = [file["path"] for file in status["store"]["damaged_files"]]
            check(named == [str(path) for path in kept], f"status names {named}, there are {kept}")
            probe = daemon.command("status", "--check")
            worst = bool(kept) or any(letter["condition"] == "corrupt" for letter in letters)
            check(probe.returncode == (2 if worst else 1), f"status --check: {probe.returncode} {probe.stdout[:300]}")
            self._still_works(offset)
        finally:
            if daemon.process.poll() is None:
                daemon.stop()
        if kept_at_once:
            for name, content in hashes(self.folder).items():
                if name.startswith(kept[0].name) and not name.endswith(("-flight", "-shm")):
                    original = name.replace(kept[0].name, "outbox.db")
                    check(content == before[original], f"{name} is not what {original} was")
        arrived = self._arrived(offset)
        lost = self._accounted(arrived, letters, kept)
        corrupt = sum(letter["condition"] == "corrupt" for letter in letters)
        if sound:
            check(not kept and not corrupt and not lost, f"verify said that it is sound: kept {kept}, lost {lost}, letters "
                  f"{[letter for letter in letters if letter['condition'] == 'corrupt']}: {daemon.log.read_text()[-1500:]}")
        return ("moved aside" if kept_at_once else "moved aside later" if kept
                else "corrupt letters" if corrupt else "as before"), len(arrived), lost

    def _verified(self, before):
        """Whether `verify` calls it sound; it changes nothing."""
        run = subprocess.run([harness.binary(), "verify", self.folder / "outbox.db"], capture_output=True, text=True,
                             timeout=60, env=harness.clean_environment())
        check(run.returncode in (0, 1) and (run.stdout or run.stderr), f"verify: {run.returncode} {run.stderr}")
        check(hashes(self.folder) == before, "verify changed a file")
        return run.returncode == 0

    def _stops(self, before):
        """With `on_damage: stop` the start ends in one clear line and changes no file, or has nothing to see yet."""
        daemon = Specimen.daemon(self.bench, self.receiver, self.folder, on_damage="stop")
        daemon.start(wait=False)
        try:
            wait_for("the daemon to be ready", daemon.ready, 20)
        except Failure:
            if "door open" in daemon.log.read_text():
                raise Skip() from None  # it met the damage only once it worked
            check(daemon.process.poll() is not None, "it neither starts nor ends")
            text = daemon.log.read_text()
            check(daemon.process.returncode == 1 and "is damaged" in text and "store.on_damage" in text,
                  f"it ended with {daemon.process.returncode}: {text[-500:]}")
            after = hashes(self.folder)
            for name in ("outbox.db", "outbox.db-wal"):
                check(after.get(name) == before.get(name), f"{name} was changed by a start that stopped")
            daemon.log.unlink()
        else:
            daemon.kill()
            raise Skip()

    def _serve(self, daemon):
        """Starts it as often as it ends for damage, until nothing moves: whether the first start moved the file, its
        status and its dead letters."""
        kept_at_once = False
        for number in range(STARTS_MAX):
            daemon.start(wait=False)
            try:
                wait_for("the daemon to be ready", daemon.ready, 30)
                if number == 0:
                    kept_at_once = bool(kept_files(self.folder))
                daemon.api("POST", "/functions/resume", {"all": True})
                self._quiet(daemon)
                letters = daemon.dead_letters()
                daemon.accept("after", self.after)
                return kept_at_once, daemon.status(), letters
            except (Failure, OSError) as problem:
                try:
                    status = daemon.process.wait(30)
                except subprocess.TimeoutExpired:
                    raise Failure(f"it neither works nor ends: {problem}") from None
                text = daemon.log.read_text(errors="replace")
                check(status == 1, f"it ended with {status}: {text[-800:]}")
                check("is damaged" in text, f"it ended without a word of damage: {text[-500:]}")
        raise Failure(f"{STARTS_MAX} starts did not get over it: {daemon.log.read_text()[-800:]}")

    def _quiet(self, daemon):
        """Until the queue is empty."""
        deadline = time.monotonic() + QUIET_SECONDS
        while True:
            status = daemon.status()
            if status["queued"] == 0 and status["in_flight"] == 0:
                return
            if time.monotonic() > deadline:
                self.stuck = status
                daemon.kill()
                raise Stuck(f"{status['queued']} events are still queued: {json.dumps(status['findings'])}")
            time.sleep(0.05)

    def _still_works(self, offset):
        wait_for("a new event to arrive", lambda: digest(self.after) in {a["sha256"] for a in self._lines(offset)}, 20)

    def _lines(self, offset):
        with open(self.receiver.record, "rb") as file:
            file.seek(offset)
            return [json.loads(line) for line in file if line.endswith(b"\n")]

    def _arrived(self, offset):
        """Ids of what arrived, each as it was accepted."""
        known = {content: identifier for identifier, content in self.specimen.events.items()}
        arrived = collections.Counter()
        for line in self._lines(offset):
            if line["function"] == "after":
                continue
            content = (line["function"], line["tenant"], line["sha256"])
            check(content in known, f"what arrived was never accepted: {content}")
            arrived[known[content]] += 1
        return arrived

    def _accounted(self, arrived, letters, kept):
        """How many events are in no list by their id: salvage must call itself incomplete, or a letter be corrupt."""
        found = set(arrived) | {letter["id"] for letter in letters}
        nameless = sum(letter["condition"] == "corrupt" and letter["id"] not in self.specimen.events
                       for letter in letters)
        says_incomplete = False
        for path in kept:
            output = self.folder / f"{path.name}.ndjson"
            run = subprocess.run([harness.binary(), "salvage", path, "--output", output], capture_output=True,
                                 text=True, timeout=120, env=harness.clean_environment())
            check(run.returncode in (0, 1) and output.exists(), f"salvage: {run.returncode} {run.stderr[-500:]}")
            text = output.read_bytes().decode(errors="replace")
            lines = [json.loads(line)["outbox"] for line in text.split("\n") if line]
            found |= {line["id"] for line in lines if "id" in line}
            says_incomplete |= not lines[-1]["complete"]
        lost = set(self.specimen.events) - found
        check(says_incomplete or len(lost) <= nameless, f"{len(lost)} events are nowhere: {sorted(lost)[:3]}")
        return len(lost)

    def clean(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Skip(Exception):
    """There was nothing for `stop` to see at the start; the files have changed since."""


class Stuck(Exception):
    """Events stay in the queue without a reason."""


def worker(bench, seeds, results):
    """Runs some seeds one after the other over one specimen: even ones over one, odd ones over another, also alone."""
    receiver = bench.receiver().start()
    specimen = Specimen(bench, receiver, f"specimen {seeds[0] % 2}")
    for seed in seeds:
        results.append(one(bench, receiver, specimen, seed))


def one(bench, receiver, specimen, seed, stops=None):
    """One run: seed, injury, what came of it, what is wrong."""
    run = Run(bench, receiver, specimen, seed)
    run.stops = run.stops if stops is None else stops
    try:
        return seed, run.injury, run.account(), None
    except Skip:
        run.clean()
        return one(bench, receiver, specimen, seed, stops=False)
    except Exception as failure:  # a broken run is a failed one, and the others go on
        return seed, run.injury, None, f"{type(failure).__name__}: {failure}"
    finally:
        run.clean()


def torture(directory, count, first=0, workers=2):
    """So many injuries; what came of them, for the table."""
    benches = [Bench(pathlib.Path(directory) / f"worker-{number}", False, False) for number in range(workers)]
    results = []
    try:
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            seeds = range(first, first + count)
            jobs = []
            for number, bench in enumerate(benches):
                bench.directory.mkdir(parents=True)
                if seeds[number::workers]:
                    jobs.append(pool.submit(worker, bench, seeds[number::workers], results))
            for job in jobs:
                job.result()
    finally:
        for bench in benches:
            bench.children.end()
    failures = [(seed, injury, failure) for seed, injury, _, failure in results if failure]
    for seed, injury, failure in failures:
        print(f"   seed {seed}: {injury}: {failure}", flush=True)
    ends = collections.Counter(end[0] for _, _, end, _ in results if end)
    for end, number in ends.most_common():
        print(f"   {number:5} {end}", flush=True)
    check(len(results) == count, f"{len(results)} of {count} were run")
    check(not failures, f"{len(failures)} of {count} broke a rule (see above)")
    lost = sum(end[2] for _, _, end, _ in results)
    return (f"{count} injuries, " + ", ".join(f"{number} {end}" for end, number in ends.most_common())
            + f"; nothing altered, {lost} events listed as unreadable")
