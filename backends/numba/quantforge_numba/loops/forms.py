"""An operation's forms as loops over the lanes of a block.

A form takes its inputs, its outputs, one mark per lane, the number of lanes, a multiple of LANES
and at most BLOCK, and the set of wanted outputs, bit i for output i. The others have arrays that it
may write and that nobody reads.
"""

from itertools import groupby
from typing import NamedTuple

from quantforge_numba.intrinsics import inlined, outlined, spliced
from quantforge_numba.loops.lanes import LANES, block_of, lane_at, put, whole
from quantforge_numba.loops.vectors import interleave, vectorise


class Row(NamedTuple):
    """What comes out of a lane: its outputs, and where the ordinary form may not hold a mark.

    That of the general form is the lane's state.
    """

    values: tuple
    mark: int


class Nothing(NamedTuple):
    """What the stages pass on if there is but one."""


def ordinary_form(*stages, passing=Nothing, outputs=(1,)):
    """The stages run one after the other over the block.

    So each loop is short enough for the processor to overlap several vectors of it. A stage takes
    the option and a lane of the struct that they pass on, and returns those fields of it that it
    settles; the last one returns the row. Of the row's outputs only the first are computed if no
    others are wanted; `outputs` are the numbers at which it stops.
    """
    *before, last = stages
    first_stages = in_turn([(stage, len(list(same))) for stage, same in groupby(before)])
    last_stage = up_to(outputs, last)

    @inlined
    def form(inputs, outputs, special, n, wanted):
        vectorise("outputs special")
        interleave(LANES)
        n = whole(n)
        block = block_of(passing)
        first_stages(inputs, block, n)
        last_stage(inputs, block, outputs, special, n, wanted)

    return form


def in_turn(stages):
    if not stages:
        return spliced(lambda inputs, block, n: None)
    (stage, times), *others = stages
    other_stages = in_turn(others)

    @spliced
    def run(inputs, block, n):
        for _turn in range(times):
            run_stage(stage, inputs, block, n)
        other_stages(inputs, block, n)

    return run


def up_to(counts, stage, passed=()):
    count, *greater = counts
    passed = *passed, count
    put_outputs = put_in_turn(stage, passed)

    @spliced
    def run(inputs, block, outputs, special, n, wanted):
        run_last_stage(stage, put_outputs, inputs, block, outputs, special, n)

    if not greater:
        return run
    others = up_to(greater, stage, passed)

    @spliced
    def choose(inputs, block, outputs, special, n, wanted):
        if wanted >> count:
            others(inputs, block, outputs, special, n, wanted)
        else:
            run(inputs, block, outputs, special, n, wanted)

    return choose


def put_in_turn(stage, counts):
    """Store the outputs up to each number before those up to the next one are computed.

    Memory takes the first while the processor is busy with the others. The stage is written down
    once for each number; what its copies share LLVM computes once.
    """
    *lesser, count = counts
    if not lesser:
        first, put_lesser = 0, spliced(lambda option, passed, outputs, i: None)
    else:
        first, put_lesser = lesser[-1], put_in_turn(stage, lesser)

    @spliced
    def put_up_to(option, passed, outputs, i):
        put_lesser(option, passed, outputs, i)
        put(outputs[first:count], i, stage(option, passed).values[first:count])

    return put_up_to


@spliced
def run_stage(stage, inputs, block, n):
    for i in range(n):
        put(block, i, stage(lane_at(inputs, i), lane_at(block, i)))


@spliced
def run_last_stage(stage, put_outputs, inputs, block, outputs, special, n):
    for i in range(n):
        option, passed = lane_at(inputs, i), lane_at(block, i)
        put_outputs(option, passed, outputs, i)
        put(special, i, stage(option, passed).mark)


def general_form(lane):
    """The lanes one by one."""

    @outlined
    def form(inputs, outputs, states, n, wanted):
        vectorise("outputs states")
        n = whole(n)
        rows = Row(outputs, states)
        for i in range(n):
            put(rows, i, lane(lane_at(inputs, i)))

    return form
