"""Time the generator, in pieces, and say what it costs per patient and per event.

Run: ``python benchmarks/simulate.py [patients] [processes]``. The seconds belong to the
machine; what counts is that they grow in proportion and that memory does not.
"""

import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from icans_risk.synthetic import simulate

PIECE = 2_000


def count_piece(first: int, *, seed: int) -> tuple[int, int]:
    """Simulate one piece; return its events and the peak memory of the process, in MiB."""
    simulated = simulate(PIECE, seed=seed, first_patient=first)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return len(simulated.cohort.events), peak


def main(patients: int, processes: int) -> None:
    """Simulate all pieces and print the costs."""
    starts = range(0, patients, PIECE)
    begun = time.perf_counter()
    with ProcessPoolExecutor(processes) as pool:
        counted = list(pool.map(partial(count_piece, seed=7), starts))
    seconds = time.perf_counter() - begun
    events = sum(number for number, _ in counted)
    total = len(starts) * PIECE
    print(f"{total} patients, {events} events, {processes} processes: {seconds:.1f} s")
    print(f"{1e3 * seconds / total:.2f} ms per patient, {events / total:.0f} events per patient")
    print(f"peak memory of a process: {max(peak for _, peak in counted)} MiB")


if __name__ == "__main__":
    asked = [int(argument) for argument in sys.argv[1:]]
    main(*asked, *(20_000, 2)[len(asked) :])
