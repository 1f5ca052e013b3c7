"""Play a plan: processes, log, messages and faults; then end the faults, close the day and wait."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from engine.core.events import TOPIC_OF, Input
from engine.gateways import input_records
from engine.gateways.venues import SupersededError
from engine.log.port import (
    ALL_TOPICS,
    INPUT_TOPICS,
    SHARED_TOPICS,
    LeaseLostError,
    LogUnavailableError,
)
from engine.runtime.recovery.recovery import rebuilt
from engine.runtime.shard import Shard
from engine.runtime.shard_log import last_seal
from engine.runtime.worker import Worker
from engine.simulation.paper import paper_gateway
from engine.simulation.venues.behaviour import Behaviour
from infra.faults import lies, market
from infra.faults.broker import Broker, Fate
from infra.faults.market import BEGIN_NS, CLOSE_NS, MS, PARTITIONS, S
from infra.faults.memory_log import MemoryLog
from infra.faults.plan import GUESTS, HEALED_NS, RESENT_TOPICS, Arrival, Fault, Kind, Plan
from infra.faults.processes import Agenda, Killed, Process, end
from infra.faults.raising import PlantedError, raising

STEPS_MAX = 300_000  # Calls to the log; more than this is no run but a loop.
SETTLED_NS = BEGIN_NS + 13 * S  # Four seconds after the faults: all that was due is done.
DAY_CLOSED_NS = CLOSE_NS + S
LATEST_NS = DAY_CLOSED_NS + 60 * S  # By then every input is sealed, or the run is not live.
CHECK_EVERY_NS = 500 * MS
STRETCH_MAX = 12  # A wait may take so many times as long as the process asked.
SHORT_WAIT_S = 0.049  # A shorter wait is one until a known time, and is not stretched.
RESTART_NS = 300 * MS
APART_NS = S  # Between two raises: an input that raises twice in a row is rejected as a fault.
COMMIT_FATES = {
    Kind.LOST: Fate.LOST,
    Kind.UNANSWERED: Fate.UNANSWERED,
    Kind.DELAYED: Fate.DELAYED,
}
ENDS_BY_ITSELF = (LeaseLostError, LogUnavailableError, SupersededError)  # And is started again.


@dataclass(slots=True)
class _Armed:
    """A fault that waits for its call."""

    fault: Fault
    skip: int


@dataclass(slots=True)
class Played:
    """The results of a run, for the checks."""

    plan: Plan
    broker: Broker
    sent: Counter[str] = field(default_factory=Counter)  # Children sent to venues.
    settled: list[Shard] = field(default_factory=list)  # Before the close, folded from the log.
    settled_ns: int = 0
    problems: list[str] = field(default_factory=list)  # Found while it ran.
    struck: Counter[str] = field(default_factory=Counter)  # Faults that happened, by kind.
    steps: int = 0  # Calls to the log.
    ended_ns: int = 0

    @property
    def log(self) -> MemoryLog:
        return MemoryLog(self.broker, "reader")


class World:
    """One run of a plan."""

    def __init__(self, plan: Plan, *, report: Callable[[str], None] | None = None) -> None:
        """`report` gets a line for each event of the run."""
        self._plan = plan
        self._report = report
        self._agenda = Agenda(BEGIN_NS)
        self._broker = Broker(
            PARTITIONS,
            lambda: self._agenda.now_ns,
            fate=self._fate,
            waiting=self._waiting,
            on_news=self._on_news,
        )
        self._played = Played(plan, self._broker)
        self._outside = MemoryLog(self._broker, "outside")
        self._chance = random.Random(f"world {plan.seed}")  # noqa: S311  No secret.
        self._processes: dict[str, Process] = {}  # All, also those that have ended, by handle.
        self._living: dict[str, Process] = {}  # By role.
        self._stops: dict[str, Callable[[], None]] = {}  # By handle.
        self._listening: list[Process] = []
        self._paused: list[Process] = []
        self._armed: list[_Armed] = []
        self._raises: list[_Armed] = []  # They wait for a stage to be called.
        self._raised_ns = 0  # When one struck last.
        self._down_until_ns: dict[str, int] = {}  # By role: not started before.
        self._controls = 0  # Appended by the world itself.
        self._out_until_ns = 0  # End of an outage of the log.

    def run(self) -> Played:
        """Play the plan. The checks are the caller's."""
        with raising(self._perhaps_raise):
            return self._run()

    def _run(self) -> Played:
        agenda, played = self._agenda, self._played
        try:
            self._open()
            agenda.run_until(HEALED_NS)
            self._heal()
            agenda.run_until(SETTLED_NS)
            if not played.problems:
                self._fold_shards()
            agenda.run_until(DAY_CLOSED_NS)
            self._append_control(market.day_closed(self._plan.days[-1], agenda.now_ns))
            while not played.problems and (unsealed := self._unsealed()):
                if agenda.now_ns > LATEST_NS:
                    played.problems.append(f"not live: {unsealed} a minute after the close")
                    break
                agenda.run_until(agenda.now_ns + CHECK_EVERY_NS)
        finally:
            end(agenda, list(self._processes.values()))
        played.ended_ns = agenda.now_ns
        return played

    # ------------------------------------------------------------------------------ messages

    def _open(self) -> None:
        for event in market.first_facts(self._plan.ack_within_ns):
            self._append_control(event)
        for arrival in self._plan.arrivals:
            self._agenda.at(arrival.at_ns, partial(self._arrive, arrival))
        for fault in self._plan.faults:
            self._agenda.at(fault.at_ns, partial(self._arm, fault))
        for role in ("g0", "w0", "w1"):
            self._start(role)

    def _arrive(self, arrival: Arrival) -> None:
        self._outside.append(arrival.topic, [arrival.record])

    def _append_control(self, event: Input) -> None:
        self._controls += 1
        made = input_records.record(
            event,
            str(getattr(event, "instrument_id", "desk")),
            sender="operator",
            number=self._agenda.now_ns // 1_000 + self._controls,
            at_ns=self._agenda.now_ns,
            partitions=PARTITIONS,
        )
        self._outside.append(TOPIC_OF[type(event)], [made])

    # ----------------------------------------------------------------------------- processes

    def _start(self, role: str) -> None:
        if role in self._living or self._agenda.now_ns < self._down_until_ns.get(role, 0):
            return
        self._launch(role)

    def _launch(self, role: str) -> None:
        """Start a process in a role; one that has it already runs on beside it."""
        handle = f"{role}#{len(self._processes)}"
        body = self._gateway if role.startswith("g") else self._worker
        process = Process(self._agenda, handle, body, self._on_end)
        self._processes[handle] = self._living[role] = process
        self._say(f"{handle} starts")
        process.launch()

    def _worker(self, process: Process) -> None:
        log = MemoryLog(self._broker, process.name)
        worker = Worker(
            log,
            market.rules(),
            role_of(process.name),
            clock_ns=process.time_ns,
            clock=process,
            on_aside=lambda shard, error: self._played.problems.append(
                f"{process.name} set shard {shard} aside: {error!r:.400}"
            ),
        )
        self._stops[process.name] = worker.stop
        worker.run()

    def _gateway(self, process: Process) -> None:
        log = MemoryLog(self._broker, process.name)
        behaviour = Behaviour(
            latencies_ns={},
            latency_ns=self._plan.latency_ns,
            jitter_ppm=900_000,
            reject_ppm=30_000,
            unsolicited_cancel_ppm=50_000,
            bust_ppm=50_000,
            correct_ppm=50_000,
            disconnect_ppm=self._plan.disconnect_ppm,
        )
        plan = self._plan
        lying = partial(lies.gateway, lies_ppm=plan.lies_ppm, silence_ppm=plan.silence_ppm)
        opened = lying if plan.lies_ppm or plan.silence_ppm else paper_gateway
        gateway = opened(
            log,
            seed=self._plan.seed,
            clock_ns=process.time_ns,
            clock=process,
            behaviour=behaviour,
            on_sent=lambda child_id: self._played.sent.update([child_id]),
            owner=process.name,
        )
        self._stops[process.name] = gateway.stop
        gateway.run()

    def _on_end(self, process: Process) -> None:
        """Start the role again, unless another process has it; note an unexpected failure."""
        role = role_of(process.name)
        self._say(f"{process.name} ends: {process.failure!r}")
        failure = process.failure
        if failure is not None and not isinstance(failure, ENDS_BY_ITSELF):
            self._played.problems.append(f"{process.name} ended by {failure!r:.400}")
        if self._living.get(role) is process:
            del self._living[role]
            if role not in GUESTS:
                again_ns = self._agenda.now_ns + RESTART_NS
                again_ns = max(again_ns, self._down_until_ns.get(role, 0))
                self._agenda.at(again_ns, lambda: self._start(role))

    # --------------------------------------------------------------------------------- calls

    def _fate(self, handle: str, call: str) -> Fate:
        process = self._processes.get(handle)
        if process is None:
            return Fate.WELL  # The world's own calls never fail.
        if process.is_killed or self._agenda.is_over:
            raise Killed
        plan, played, agenda = self._plan, self._played, self._agenda
        agenda.now_ns += plan.call_ns
        played.steps += 1
        if played.steps > STEPS_MAX:
            played.problems.append(f"not live: {handle} makes call after call, now {call}")
            process.kill()
        fate = self._struck(process, call) if self._armed else Fate.WELL
        if plan.preempted and self._chance.random() < plan.preempted:
            process.sleep_until(agenda.now_ns + self._chance.randrange(3 * MS))
        return Fate.UNAVAILABLE if agenda.now_ns < self._out_until_ns else fate

    def _struck(self, process: Process, call: str) -> Fate:
        role = role_of(process.name)
        for armed in self._armed:
            fault = armed.fault
            if fault.process not in ("", role) or fault.call not in ("", call):
                continue
            armed.skip -= 1
            if armed.skip >= 0:
                continue
            self._armed.remove(armed)
            return self._strike(fault, process, call)
        return Fate.WELL

    def _strike(self, fault: Fault, process: Process, call: str) -> Fate:
        self._note(fault, f"{process.name} in {call}")
        if fault.kind is Kind.CRASH:
            self._down_until_ns[role_of(process.name)] = self._agenda.now_ns + fault.for_ns
            process.kill()
        elif fault.kind in (Kind.PAUSE, Kind.SUPERSEDED):
            if fault.kind is Kind.SUPERSEDED:
                self._visit("g1", fault.for_ns + RESTART_NS)
            self._paused.append(process)
            process.sleep_until(self._agenda.now_ns + fault.for_ns)
            self._paused.remove(process)
        elif fault.kind is Kind.ERROR:
            return Fate.UNAVAILABLE
        elif fault.kind is Kind.DELAYED:
            for part in range(len(ALL_TOPICS)):
                at_ns = self._agenda.now_ns + fault.for_ns * (part + 1) // len(ALL_TOPICS)
                self._agenda.at(at_ns, self._broker.deliver_one_marker)
        return COMMIT_FATES.get(fault.kind, Fate.WELL)

    def _perhaps_raise(self) -> None:
        """Called before every decision of a stage. Raises PlantedError."""
        for armed in self._raises:
            armed.skip -= 1
            is_again = self._agenda.now_ns - self._raised_ns < APART_NS
            if armed.skip < 0 and not is_again:
                self._raises.remove(armed)
                self._raised_ns = self._agenda.now_ns
                self._note(armed.fault, "a stage")
                raise PlantedError

    def _waiting(self, handle: str, wait_s: float) -> None:
        """Let a process wait for a new record, or for as long as it asked or longer."""
        process = self._processes[handle]
        stretch = 1 if wait_s < SHORT_WAIT_S else self._chance.randint(1, STRETCH_MAX)
        self._listening.append(process)
        process.sleep_until(self._agenda.now_ns + int(wait_s * S) * stretch)
        if process in self._listening:
            self._listening.remove(process)

    def _on_news(self) -> None:
        for process in self._listening:
            self._agenda.wake(
                process.seat, self._agenda.now_ns + self._chance.randrange(self._plan.news_ns)
            )
        self._listening.clear()

    # -------------------------------------------------------------------------------- faults

    def _arm(self, fault: Fault) -> None:
        """Let a fault strike at once, or wait for the call that it needs."""
        now_ns, living = self._agenda.now_ns, self._living.get(fault.process)
        if fault.kind is Kind.OUTAGE:
            self._out_until_ns = now_ns + fault.for_ns
        elif fault.kind is Kind.EXPELLED:
            self._broker.expel(fault.process)
        elif fault.kind is Kind.CLOCK and living is not None:
            living.skew_ns += fault.by_ns
        elif fault.kind is Kind.AGAIN:
            self._write_again(fault)
        elif fault.kind is Kind.STOPPED and living is not None and living.name in self._stops:
            self._down_until_ns[fault.process] = now_ns + fault.for_ns
            self._stops[living.name]()
        elif fault.kind is Kind.GUEST:
            self._visit(fault.process, fault.for_ns)
        elif fault.kind is Kind.TWIN:
            self._launch(fault.process)
        elif fault.kind is Kind.RAISED:
            self._raises.append(_Armed(fault, fault.skip))
            return
        else:
            self._armed.append(_Armed(fault, fault.skip))
            return
        self._note(fault, fault.process)

    def _visit(self, role: str, for_ns: int) -> None:
        """Run one more process for a while."""
        self._start(role)
        self._agenda.at(self._agenda.now_ns + for_ns, lambda: self._stop(role))

    def _write_again(self, fault: Fault) -> None:
        written = [
            (topic, entry.record)
            for topic in RESENT_TOPICS
            for part in range(PARTITIONS)
            for entry in self._broker.topics[topic, part].entries
            if entry.record is not None
        ]
        if written:
            topic, record = written[fault.draw % len(written)]
            self._outside.append(topic, [record])

    def _stop(self, role: str) -> None:
        process = self._living.get(role)
        if process is not None and process.name in self._stops:
            self._stops[process.name]()

    def _heal(self) -> None:
        """End all faults: start every role again and set the clocks right."""
        if (
            self._plan.faults and not self._played.struck
        ):  # None found its call, so add one that needs none.
            self._arm(Fault(self._agenda.now_ns, Kind.AGAIN, draw=self._plan.seed))
        self._armed.clear()
        self._raises.clear()
        self._out_until_ns = 0
        self._down_until_ns.clear()
        while self._broker.has_markers_to_come:
            self._broker.deliver_one_marker()
        for process in self._processes.values():
            process.skew_ns = 0
        for process in self._paused:
            self._agenda.wake(process.seat, self._agenda.now_ns)
        for role in GUESTS:
            self._stop(role)
            if role not in self._living:  # It will not start again, and its session is over.
                self._broker.expel(role)
        for role in ("g0", "w0", "w1"):
            self._start(role)
        self._say("all faults have ended")

    # ------------------------------------------------------------------------------- results

    def _fold_shards(self) -> None:
        """Fold each shard from its log, before the close."""
        self._played.settled_ns = self._agenda.now_ns
        log = self._played.log
        for number in range(PARTITIONS):
            try:
                self._played.settled.append(rebuilt(log, number, market.rules()))
            except Exception as error:  # noqa: BLE001  Any error is a problem of the run.
                self._played.problems.append(f"shard {number} cannot be folded: {error!r:.400}")

    def _unsealed(self) -> str:
        """A shard and topic with inputs that no seal covers; empty if there is none."""
        log = self._played.log
        for number in range(PARTITIONS):
            seal = last_seal(log, number)
            if seal is None:
                return f"shard {number} has no seal"
            offsets = {entry.topic: entry.next_offset for entry in seal.resume}
            for topic in INPUT_TOPICS:
                partition = 0 if topic in SHARED_TOPICS else number
                count = len(self._broker.topics[topic, partition].entries)
                if offsets[topic] < count:
                    return f"shard {number} consumed {offsets[topic]} of {count} of {topic}"
        return ""

    def _note(self, fault: Fault, where: str) -> None:
        self._played.struck[fault.kind] += 1
        self._say(f"{fault.kind}: {where}")

    def _say(self, text: str) -> None:
        if self._report is not None:
            self._report(f"{(self._agenda.now_ns - BEGIN_NS) / S:10.6f} s {text}")


def role_of(handle: str) -> str:
    return handle.partition("#")[0]
