"""Measures the product beside the naive relay, in turns, and prints the ratios: ``python -m benchmarks.compare``.

Goals are printed, never asserted. The exit code is 1 only when something could not be run.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks import servers
from benchmarks.footprint import installed_bytes
from benchmarks.measure import Turn, choose_processors, take_turn
from benchmarks.report import render
from benchmarks.scenarios import all_scenarios

RUNTIME_LOCK = servers.BACKEND / "requirements-runtime.txt"


def main() -> int:
    """Run as a program."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="shorter loads and two rounds")
    parser.add_argument("--rounds", type=int, help="turns of each server (default: 4, quick: 2)")
    arguments = parser.parse_args()
    rounds = arguments.rounds or (2 if arguments.quick else 4)
    scenarios = all_scenarios(quick=arguments.quick)
    shared = [scenario for scenario in scenarios if not scenario.ours_only]

    try:
        processors = choose_processors()
    except ValueError:
        print("Two processors are needed: one for the server, one for the harness.", file=sys.stderr)
        return 1
    turns: list[Turn] = []
    for number in range(rounds):
        contenders = [(servers.naive, shared), (servers.ours, scenarios)]
        for make, loads in contenders if number % 2 == 0 else reversed(contenders):
            print(f"round {number + 1} of {rounds}: {make.__name__}", file=sys.stderr)
            try:
                turns.append(take_turn(make, loads, processors))
            except servers.ServerFailedError as error:
                print(error, file=sys.stderr)
                return 1
    print(render(turns, scenarios, installed_bytes(RUNTIME_LOCK)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
