"""Placement rules in Python: a function that gives a host a number for a request.

    def fullest(request, host):
        return host.free.vcpu, host.free.memory

    plimsoll.run("mine.toml", strategy=fullest)

The host with the least value is taken; of a tuple the first number decides, then the next; of equal hosts the one with the lowest id.
Amounts have the names of `plimsoll list expression`, and are `fractions.Fraction`: arithmetic with them is exact, so hosts that are equal
on paper are equal in a run. What a rule returns is rounded to double precision once, at the end. `math.inf` says that the host is no
candidate.

The program asks about each kind of host once as a rule, so yours has to give the same value for the same amounts: one that draws at random, or
counts its calls, decides nothing reliably.
"""

from __future__ import annotations

import json
import math
import numbers
import struct
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import IO, NoReturn, TypeAlias

__all__ = ["Amounts", "Exit", "Gpu", "Host", "Number", "Numa", "Request", "Rule"]

Number: TypeAlias = int | float | Fraction

# Names of the program that a rule is told in any case have no word; the others are told to a rule that looks at them.
Names = Sequence[tuple[str, str | None]]


class LooksFurther(BaseException):
    """A rule reads what it has not been told so far: the run begins anew, and tells it."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


class Decision:
    """The amounts of one decision by name, each made a number when it is read."""

    __slots__ = ("further", "numbers", "places")

    def __init__(self, places: Mapping[str, int | str], numbers: Sequence[int]) -> None:
        self.places = places
        self.numbers = numbers
        self.further: str | None = None

    def amount(self, name: str) -> Fraction:
        """Returns an amount."""
        place = self.places[name]
        if isinstance(place, str):
            self.further = place
            raise LooksFurther(place)
        return Fraction(self.numbers[place], self.numbers[place + 1])

    def short(self, prefix: str) -> str:
        """Returns vCPU, memory and GPU in words."""
        vcpu, memory, gpu = (number(self.amount(f"{prefix}.{name}")) for name in ("vcpu", "memory", "gpu"))
        return f"{vcpu} vCPU, {memory} GiB" + (f", {gpu} GPU" if gpu != "0" else "")


def number(amount: Fraction) -> str:
    """Returns an amount as a decimal."""
    return f"{float(amount):.12g}"


class Part:
    """A part of a decision."""

    __slots__ = ("_decision",)

    def __init__(self, decision: Decision) -> None:
        self._decision = decision


class Amounts(Part):
    """An amount of each resource, or its share of what the host sells."""

    __slots__ = ("_prefix",)

    def __init__(self, decision: Decision, prefix: str) -> None:
        super().__init__(decision)
        self._prefix = prefix

    @property
    def vcpu(self) -> Fraction:
        """vCPU."""
        return self._decision.amount(self._prefix + ".vcpu")

    @property
    def memory(self) -> Fraction:
        """Memory [GiB]."""
        return self._decision.amount(self._prefix + ".memory")

    @property
    def gpu(self) -> Fraction:
        """GPU."""
        return self._decision.amount(self._prefix + ".gpu")

    @property
    def storage(self) -> Fraction:
        """Local storage [GB]."""
        return self._decision.amount(self._prefix + ".storage")

    @property
    def network(self) -> Fraction:
        """Network bandwidth [Mbit/s]; 0 where the host has no limit."""
        return self._decision.amount(self._prefix + ".network")


class Request(Amounts):
    """A request for room on a host: what it asks for."""

    __slots__ = ()

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision, "request")

    @property
    def nodes(self) -> Fraction:
        """NUMA nodes that it names, 1 or 2; 0: the fewest."""
        return self._decision.amount("request.nodes")

    @property
    def left(self) -> Fraction:
        """Time until the instance is predicted to have ended, rounded up as that of a host is [h]; 1000 without prediction."""
        return self._decision.amount("request.left")

    def __repr__(self) -> str:
        return f"request for {self._decision.short('request')}"


class Numa(Part):
    """The NUMA nodes of a host."""

    __slots__ = ()

    @property
    def nodes(self) -> Fraction:
        """Number of nodes; 1 where the host is not divided."""
        return self._decision.amount("numa.nodes")

    @property
    def most_vcpu(self) -> Fraction:
        """vCPU free on the node that has most."""
        return self._decision.amount("numa.most_vcpu")

    @property
    def least_vcpu(self) -> Fraction:
        """vCPU free on the node that has least."""
        return self._decision.amount("numa.least_vcpu")

    @property
    def most_memory(self) -> Fraction:
        """Memory free on the node that has most [GiB]."""
        return self._decision.amount("numa.most_memory")

    @property
    def least_memory(self) -> Fraction:
        """Memory free on the node that has least [GiB]."""
        return self._decision.amount("numa.least_memory")


class Gpu(Part):
    """The GPU devices of a host."""

    __slots__ = ()

    @property
    def devices(self) -> Fraction:
        """Number of devices; 0 where they are not told apart."""
        return self._decision.amount("gpu.devices")

    @property
    def unused(self) -> Fraction:
        """Devices that are free as a whole."""
        return self._decision.amount("gpu.unused")

    @property
    def largest(self) -> Fraction:
        """Greatest share that is free on one device [GPU]."""
        return self._decision.amount("gpu.largest")


class Exit(Part):
    """The predicted ends of the instances on a host."""

    __slots__ = ()

    @property
    def left(self) -> Fraction:
        """Time until the last of them is predicted to have ended, rounded up in steps [h]; 0 where there is none, 1000 beyond a week."""
        return self._decision.amount("exit.left")


class Host(Part):
    """A host with room for the request, before placing; it stands for all hosts that are alike."""

    __slots__ = ()

    @property
    def free(self) -> Amounts:
        """What is free on it."""
        return Amounts(self._decision, "free")

    @property
    def capacity(self) -> Amounts:
        """What it sells."""
        return Amounts(self._decision, "capacity")

    @property
    def used(self) -> Amounts:
        """What is in use: capacity less what is free."""
        return Amounts(self._decision, "used")

    @property
    def free_share(self) -> Amounts:
        """Free ÷ capacity, 0 to 1; 0 where the host has none."""
        return Amounts(self._decision, "free_share")

    @property
    def request_share(self) -> Amounts:
        """What the request asks for ÷ capacity, 0 to 1; 0 where the host has none."""
        return Amounts(self._decision, "request_share")

    @property
    def numa(self) -> Numa:
        """Its NUMA nodes."""
        return Numa(self._decision)

    @property
    def gpu(self) -> Gpu:
        """Its GPU devices."""
        return Gpu(self._decision)

    @property
    def exit(self) -> Exit:
        """Predicted ends of its instances."""
        return Exit(self._decision)

    @property
    def count(self) -> Fraction:
        """Instances on it."""
        return self._decision.amount("count")

    @property
    def rack(self) -> Fraction:
        """Number of its rack, from 0 in file order."""
        return self._decision.amount("rack")

    def __repr__(self) -> str:
        return f"host of {self._decision.short('capacity')} with {self._decision.short('free')} free"


Rule: TypeAlias = Callable[[Request, Host], Number | tuple[Number, ...]]


class AskedRule:
    """A rule in a run: what it looks at, and how many numbers it gives."""

    def __init__(self, name: str, rule: Rule) -> None:
        self.name = name
        self.rule = rule
        self.looks_at: set[str] = set()
        self.length: int | None = None
        self.places: dict[str, int | str] = {}

    def begin(self, names: Names) -> None:
        """Takes what the program tells: names with the place of their amount, or the word for those that it does not tell this rule."""
        told = [name for name, word in names if word is None or word in self.looks_at]
        self.places = {name: word for name, word in names if word is not None}
        self.places.update({name: 2 * place for place, name in enumerate(told)})
        self.length = None

    def values(self, told: Sequence[int]) -> list[float]:
        """Asks the rule for the value of a host."""
        decision = Decision(self.places, told)
        request, host = Request(decision), Host(decision)
        try:
            value = self.rule(request, host)
        except LooksFurther:
            self.begin_anew(decision)
            raise
        except Exception as error:
            self.begin_anew(decision)
            if hasattr(error, "add_note"):
                error.add_note(f"rule `{self.name}` was asked about a {self.about(decision)}")
            raise
        self.begin_anew(decision)
        return self.checked(value, decision)

    def begin_anew(self, decision: Decision) -> None:
        """Has the run begin anew if the rule read what it was not told, even where it went on after that."""
        if decision.further is not None:
            self.looks_at.add(decision.further)
            raise LooksFurther(decision.further)

    def about(self, decision: Decision) -> str:
        """Returns the host and the request in words; the rule of a host alone does not know the request."""
        knows_request = isinstance(self.places["request.vcpu"], int)
        return repr(Host(decision)) + (f" and a {Request(decision)!r}" if knows_request else " and any request")

    def checked(self, value: object, decision: Decision) -> list[float]:
        """Returns what the rule gave as numbers, as many as each time."""
        given = value if isinstance(value, tuple) else (value,)
        values = [self.real(one, value, decision) for one in given]
        if not values:
            self.wrong(ValueError, value, decision, "a number, or a tuple of numbers")
        if self.length is None:
            self.length = len(values)
        if len(values) != self.length:
            self.wrong(ValueError, value, decision, f"{self.length} as for the first host")
        return values

    def real(self, one: object, value: object, decision: Decision) -> float:
        """Returns one of the numbers in double precision."""
        if not isinstance(one, numbers.Real):
            self.wrong(TypeError, value, decision, "a number, or a tuple of numbers")
        try:
            real = float(one)
        except OverflowError:
            self.wrong(ValueError, value, decision, "a number within double precision")
        if math.isnan(real) or real == -math.inf:
            self.wrong(ValueError, value, decision, "a number, or `math.inf` for a host that is no candidate")
        return real

    def wrong(self, kind: type[Exception], value: object, decision: Decision, expected: str) -> NoReturn:
        """Raises the error of a value."""
        shown = repr(value)
        shown = shown if len(shown) <= 200 else shown[:199] + "…"
        raise kind(f"rule `{self.name}` gave {shown} for a {self.about(decision)}; expected {expected}")


def name_of(rule: Rule) -> str:
    """Returns the name of a rule: that of its function, else of its class."""
    return str(getattr(rule, "__name__", type(rule).__name__))


def answer_all(rules: Sequence[AskedRule], questions: IO[bytes], answers: IO[bytes]) -> None:
    """Answers the questions of the program until it has no more."""
    header = questions.readline()
    if not header:
        return  # the scenario is wrong, and the program says why
    names = json.loads(header)
    for rule in rules:
        rule.begin(names)
    while len(head := questions.read(8)) == 8:
        number, count = struct.unpack("<II", head)
        amounts = questions.read(16 * count)
        if len(amounts) < 16 * count:
            return
        values = rules[number].values(struct.unpack(f"<{2 * count}Q", amounts))
        try:
            answers.write(struct.pack(f"<I{len(values)}d", len(values), *values))
            answers.flush()
        except BrokenPipeError:
            return  # the program has ended, and says why
