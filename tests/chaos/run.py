#!/usr/bin/env python3
"""Breaks a campaign in every way it must survive, then judges it by the provider's ledger and the stored history.

  kill    kill -9 of the daemon at --kills moments: at points between two steps, with a request sent and unanswered, with
          a request carried out late, while it starts, in start, suspend and resume, and at random
  store   --restarts restarts of PostgreSQL (fast, immediate, kill -9), with kills of the daemon strewn in
  lossy   10 % of AssignJobs answers lost after accept, 5 % doubled statuses, storms of throttling, --outage-s without a
          provider, with kills of the daemon strewn in
  cluster three nodes share the store; --faults disturbances that overlap: kill -9, SIGSTOP, cuts between nodes and from the
          store, restarts of the store, ended sessions, outages, lost answers, jumps of a clock, drains, rolling restarts
  all     the four, one after another

Real processes: a private durable PostgreSQL, waihu-sim, waihud (WAIHU_BIN, else build/dev/bin). The seed is printed first;
the same seed and sizes play the same plan. Exit 0 when every promise of checker.py held, 1 when one did not."""
import argparse
import collections
import json
import os
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import campaign as chaos  # noqa: E402
import checker  # noqa: E402
import cluster_campaign  # noqa: E402
import plan  # noqa: E402


MODES = ("kill", "store", "lossy", "cluster")
LEADS = {"cluster": 20_000}  # of one mode, unless --leads says otherwise
FEWER_LEADS = 2_000


def leads_of(mode, options):
    return options.leads or LEADS.get(mode, FEWER_LEADS)


def moments_of(mode, seed, options):
    if mode == "cluster":
        return plan.cluster_plan(seed, options.faults, round(options.lease_s * 1000), round(options.longest_s * 1000))
    strewn = max(1, options.kills // 10)
    if mode == "kill":
        moments = plan.kill_plan(seed, options.kills)
    elif mode == "store":
        moments = plan.store_plan(seed, options.restarts, strewn)
    else:
        moments = plan.lossy_plan(seed, options.storms, strewn, round(options.outage_s * 1000))
    return [plan.Moment("clock", delay_ms=500) if m.kind in options.without else m for m in moments]


def run_mode(mode, seed, options, postgres):
    """Plays one mode; gives what the table at the end says of it, and whether all was well."""
    options = argparse.Namespace(**{**vars(options), "leads": leads_of(mode, options)})
    moments = moments_of(mode, seed, options)
    campaign = (cluster_campaign.ClusterCampaign if mode == "cluster" else chaos.Campaign)(options, mode, seed, postgres)
    print(f"== {mode}: {options.leads} leads, {campaign.size(moments)}, seed {seed}", flush=True)
    campaign.moments_left = len(moments)
    problems, found = [], None
    try:
        try:
            campaign.play(moments)
        except (chaos.Broken, AssertionError, OSError) as error:
            problems.append(checker.Violation("the run could be played to its end", str(error)))
            print("--- the last lines of the log\n" + campaign.tail(), flush=True)
        try:
            found = campaign.gather()
            problems += checker.check(found, campaign.checks)
        except (AssertionError, OSError) as error:
            problems.append(checker.Violation("the evidence could be gathered", str(error)))
    finally:
        seconds = time.monotonic() - campaign.began
        keep = bool(problems) or options.keep
        if keep and found is not None:
            pathlib.Path(campaign.folder, "evidence.json").write_text(
                json.dumps(found.__dict__, ensure_ascii=False, default=str))
        campaign.close(keep)
    report(campaign, found, problems, seconds)
    if keep:
        print(f"  log and evidence: {campaign.folder}")
    return not problems


def report(campaign, found, problems, seconds):
    """The table of one mode."""
    def line(name, value):
        print(f"  {name:<34} {value}")

    line("time", f"{seconds:.0f} s")
    for name, value in campaign.figures(found):
        line(name, value)
    if found is not None:
        outcomes = collections.Counter(row["call_status"] or "open" for row in found.rows)
        line("leads", f"{len(found.rows)}: " + ", ".join(f"{n} {s}" for s, n in sorted(outcomes.items())))
        line("accepted by the provider", len(found.accepted))
        line("accepted twice", len(found.accepted) - len({j["reference_id"] for j in found.accepted}))
        line("dials", len(found.dials))
        line("unplaced", sum(row["outcome"] == "unplaced" for row in found.rows))
        line("follow-ups", len(found.follow_ups))
    by_name = collections.Counter(problem.name for problem in problems)
    line("promises", f"{len(campaign.checks)} checked, {len(by_name)} broken")
    for name, number in by_name.items():
        print(f"  BROKEN ({number}): {name}")
        for problem in [p for p in problems if p.name == name][:5]:
            print(f"      {problem.detail}")
    sys.stdout.flush()


def read_flags(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, help="default: a new one, printed")
    parser.add_argument("--mode", choices=(*MODES, "all"), nargs="+", default=["all"])
    parser.add_argument("--leads", type=int, help="default: 20,000 in mode cluster, else 2,000")
    parser.add_argument("--kills", type=int, default=200, help="in mode kill; a tenth of it in the others")
    parser.add_argument("--restarts", type=int, default=50, help="of PostgreSQL, in mode store")
    parser.add_argument("--storms", type=int, default=10, help="of throttling, in mode lossy")
    parser.add_argument("--outage-s", type=float, default=300, help="in mode lossy")
    parser.add_argument("--faults", type=int, default=100, help="in mode cluster")
    parser.add_argument("--tasks", type=int, default=18, help="in mode cluster, which share the leads")
    parser.add_argument("--lease-s", type=float, default=10, help="of a shard, in mode cluster")
    parser.add_argument("--longest-s", type=float, default=60, help="longest SIGSTOP, in mode cluster; cuts last half of it")
    parser.add_argument("--resume-s", type=float, default=45, help="within which work goes on after a disturbance")
    parser.add_argument("--limits", choices=("watched", "judged"), default="judged",
                        help="calls per second over all nodes of mode cluster: only told, or a promise")
    parser.add_argument("--limit-s", type=float, default=3600, help="longest time of one mode")
    parser.add_argument("--tail-s", type=float, default=180, help="longest time from the last moment to the end")
    parser.add_argument("--without", nargs="*", default=[], metavar="KIND",
                        help="kinds of moments that become plain kills, to narrow a fault down")
    parser.add_argument("--keep", action="store_true", help="keep log and evidence of good runs too")
    parser.add_argument("--plan", action="store_true", help="print the plan and do nothing")
    parser.add_argument("--verbose", action="store_true", help="print each moment as it comes")
    return parser.parse_args(arguments)


def main():
    options = read_flags()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1, 1_000_000)
    print(f"seed {seed}  (again: {' '.join([os.path.relpath(__file__), *again(options, seed)])})", flush=True)
    modes = MODES if "all" in options.mode else options.mode
    if options.plan:
        for mode in modes:
            print("\n".join(f"{mode} {n:3} {m}" for n, m in enumerate(moments_of(mode, seed, options), 1)))
        return 0
    postgres = chaos.harness.Postgres()
    try:
        good = [run_mode(mode, seed, options, postgres) for mode in modes]
    finally:
        postgres.close()
    print(f"== {'every promise held' if all(good) else 'BROKEN'} (seed {seed})")
    return 0 if all(good) else 1


def again(options, seed):
    """The flags that play the same plan with the same sizes and limits."""
    names = ("leads", "kills", "restarts", "storms", "outage_s", "faults", "tasks", "lease_s", "longest_s",
             "resume_s", "limits", "limit_s", "tail_s")
    flags = [f"--seed={seed}", "--mode", *options.mode] + [f"--{n.replace('_', '-')}={getattr(options, n)}" for n in names
                                                           if getattr(options, n) is not None]
    return flags + (["--without", *options.without] if options.without else [])


if __name__ == "__main__":
    sys.exit(main())
