"""The figures, as Markdown, JSON and plots."""
import json
import os
import statistics
import subprocess
from collections import defaultdict

LIMIT = "limit"
PARSE = "limit + cJSON"
OURS = "ours"

COLORS = ("#000000", "#0072b2", "#d55e00", "#e69f00", "#999999", "#cc79a7")

# workload name: (title, figure, contestant it is a ratio to, most it may be)
BARS = [
    ("lookup-1-1ms-c1", "one lookup, warm session, 1 ms", "wall", LIMIT, 1.10),
    ("in-1000-20ms-c32",
     "1,000 lookups by IN list, 20 ms, concurrency 32", "wall", LIMIT, 1.10),
    ("join-1000-20ms-c32",
     "join with 1,000 rows, 20 ms, concurrency 32", "wall", LIMIT, 1.15),
    ("list-100000-0ms-c1", "list of 100,000 tasks, 0 ms", "wall", LIMIT, 1.20),
    ("list-100000-0ms-c1",
     "the same, beside the program that parses", "wall", PARSE, None),
    ("list-100000-0ms-c1",
     "the same, CPU beside the program that parses", "cpu", PARSE, 2.0),
    ("details-5000-20ms-c32",
     "list with details of 5,000, 20 ms, concurrency 32", "wall", LIMIT, 1.15),
]


class Figures:
    """What one contestant did in all rounds."""

    def __init__(self):
        self.samples = []
        self.calls = []
        self.bytes = []
        self.most = []

    def values(self, figure):
        """wall, cpu or memory of each round."""
        return [getattr(sample, figure) for sample in self.samples]

    def median(self, figure):
        """The middle one."""
        return statistics.median(self.values(figure))


class Result:
    """One workload."""

    def __init__(self, workload, ceiling):
        self.workload = workload
        self.ceiling = ceiling
        self.figures = defaultdict(Figures)
        self.left_out = []

    def add(self, name, sample, calls, size, most):
        """A round of a contestant."""
        figures = self.figures[name]
        figures.samples.append(sample)
        figures.calls.append(calls)
        figures.bytes.append(size)
        figures.most.append(most)

    def ratios(self, name, figure="wall", base=LIMIT):
        """Pair by pair."""
        return [a / b for a, b in zip(self.figures[name].values(figure),
                                      self.figures[base].values(figure))]

    def line(self):
        """For whoever watches."""
        ratios = self.ratios(OURS)
        return (f"{self.workload.name:26} limit "
                f"{seconds(self.figures[LIMIT].median('wall'))}, ours "
                f"{seconds(self.figures[OURS].median('wall'))}, ratio "
                f"{statistics.median(ratios):.2f} "
                f"({min(ratios):.2f} to {max(ratios):.2f})")


def seconds(value):
    """Three digits and a unit."""
    if value < 1:
        return f"{value * 1000:.3g} ms" if value < 0.9995 else "1.00 s"
    return f"{value:.3g} s" if value < 100 else f"{value:.0f} s"


def spread(values, show):
    """Median and range."""
    return (f"{show(statistics.median(values))} "
            f"({show(min(values))}–{show(max(values))})")


class Report:
    """All workloads of a run."""

    def __init__(self, machine, rounds, quick):
        self.machine = machine
        self.rounds = rounds
        self.quick = quick
        self.results = []
        self.memory = {}

    def _find(self, name):
        for result in self.results:
            if result.workload.name == name:
                return result
        return None

    def bars(self):
        """The table of what was promised."""
        lines = ["| workload | figure | measured: median (range) | at most |",
                 "|---|---|---|---|"]
        for name, title, figure, base, most in BARS:
            result = self._find(name)
            if result is None:
                continue
            ratios = result.ratios(OURS, figure, base)
            lines.append(f"| {title} | {figure} / {base} | "
                         f"{spread(ratios, lambda x: f'{x:.2f}')} | "
                         f"{f'{most:.2f}' if most else '–'} |")
        if self.memory:
            (few, a), (many, b) = sorted(self.memory.items())
            growth = [(y - x) / 1024 for x, y in zip(a, b)]
            lines.append(f"| {few:,} to {many:,} listed tasks | peak resident "
                         f"memory | +{spread(growth, lambda x: f'{x:.1f}')} "
                         "MB | 10 MB |")
        few = self._find("list-1000-0ms-c1")
        many = self._find("list-100000-0ms-c1")
        if few and many:
            for name in (OURS, LIMIT):
                ratios = [(y / 100000) / (x / 1000) for x, y in
                          zip(few.figures[name].values("wall"),
                              many.figures[name].values("wall"))]
                lines.append(
                    f"| time per row, 100,000 to 1,000 rows"
                    f"{' (limit, to compare)' if name == LIMIT else ''} | "
                    f"wall | {spread(ratios, lambda x: f'{x:.2f}')} | "
                    f"{'1.05' if name == OURS else '–'} |")
        return "\n".join(lines)

    def table(self):
        """Everything."""
        lines = ["| workload | delay | in flight | target alone | contestant | "
                 "wall: median (range) | ratio to limit | CPU | peak memory | "
                 "calls | kB received | most in flight |",
                 "|---|---|---|---|---|---|---|---|---|---|---|---|"]
        for result in self.results:
            work = result.workload
            first = (f"| {work.title} | {work.delay} ms | {work.concurrency} "
                     f"| {seconds(result.ceiling)} |")
            for name, figures in result.figures.items():
                memory = figures.median("memory")
                ratios = result.ratios(name)
                share = work.repeat if name != "curl loop" else 1
                lines.append(
                    f"{first} {name} | "
                    f"{spread(figures.values('wall'), seconds)} | "
                    f"{spread(ratios, lambda x: f'{x:.2f}')} | "
                    f"{seconds(figures.median('cpu'))} | "
                    f"{f'{memory / 1024:.1f} MB' if memory else '–'} | "
                    f"{per_sample(figures.calls, share)} | "
                    f"{per_sample(figures.bytes, share * 1000)} | "
                    f"{max(figures.most)} |")
                first = "| | | | |"
            for name, elapsed in result.left_out:
                lines.append(f"{first} {name} | left out: about "
                             f"{elapsed:.0f} s a round | | | | | | |")
                first = "| | | | |"
        return "\n".join(lines)

    def write(self, directory):
        """table.md, data.json, rows.png, latency.png."""
        with open(os.path.join(directory, "table.md"), "w",
                  encoding="utf-8") as file:
            file.write("# Results\n\nWritten by `script/bench"
                       f"{' --quick' if self.quick else ''}`, {self.rounds} "
                       "rounds. See `bench/README.md` for what is what.\n\n")
            file.writelines(f"- {key}: {value}\n"
                            for key, value in self.machine.items())
            file.write(f"\n## Bars\n\n{self.bars()}\n\n"
                       f"## All figures\n\n{self.table()}\n")
        with open(os.path.join(directory, "data.json"), "w",
                  encoding="utf-8") as file:
            json.dump(self._raw(), file, ensure_ascii=False, indent=1)
        if not self.quick:
            self._plot(directory)

    def _raw(self):
        return {
            "machine": self.machine,
            "memory_kB": self.memory,
            "workloads": {
                result.workload.name: {
                    name: {figure: [round(x, 7) for x in
                                    figures.values(figure)]
                           for figure in ("wall", "cpu", "memory")}
                    for name, figures in result.figures.items()}
                for result in self.results},
        }

    def _plot(self, directory):
        self._draw(directory, "rows", "tasks looked up by IN list",
                   "20 ms latency, 32 in flight where the contestant can",
                   [r for r in self.results if r.workload.kind == "in"
                    and r.workload.delay == 20 and not r.workload.tls
                    and r.workload.concurrency == 32],
                   lambda w: w.rows)
        delays = sorted({r.workload.delay for r in self.results})
        self._draw(directory, "latency", "latency of an answer, ms",
                   "100 lookups by IN list, 32 in flight where the "
                   "contestant can",
                   [r for r in self.results if r.workload.kind == "in"
                    and r.workload.rows == 100 and not r.workload.tls
                    and r.workload.concurrency == 32],
                   lambda w: delays.index(w.delay), delays)

    @staticmethod
    def _draw(directory, name, label, title, results, x, names=None):
        """Lines of the medians, bars from the least to the most.

        With names, x counts them; else it is drawn to a logarithmic scale.
        """
        points = defaultdict(list)
        for result in sorted(results, key=lambda r: x(r.workload)):
            for player, figures in result.figures.items():
                wall = figures.values("wall")
                points[player].append((x(result.workload),
                                       statistics.median(wall),
                                       min(wall), max(wall)))
        if not points or all(len(p) < 2 for p in points.values()):
            return
        if names:
            scale = [f"set xrange [-0.3:{len(names) - 0.7}]",
                     "set xtics (" + ", ".join(
                         f"'{n}' {i}" for i, n in enumerate(names)) + ")",
                     "set logscale y"]
        else:
            scale = ["set logscale xy", "set format x '%g'"]
        script = [
            "set terminal pngcairo size 900,600 font 'sans,11'",
            f"set output '{os.path.join(directory, name)}.png'",
            f"set title \"{title}\"", f"set xlabel '{label}'",
            "set ylabel 'wall time, s'", *scale, "set grid",
            "set key outside right center", "set format y '%g'",
            "set pointsize 1.2"]
        for i, (player, rows) in enumerate(points.items()):
            script.append(f"$data{i} << EOD")
            script += [" ".join(map(str, row)) for row in rows]
            script.append("EOD")
        script.append("plot " + ", ".join(
            f"$data{i} using 1:2:3:4 with yerrorlines lw 2 "
            f"lc rgb '{COLORS[i % len(COLORS)]}' title '{player}'"
            for i, player in enumerate(points)))
        subprocess.run(["gnuplot"], input="\n".join(script), text=True,
                       check=True)


def per_sample(values, share):
    """The middle one, over how often a sample did the same."""
    value = statistics.median(values) / share
    return f"{value:,.0f}" if value >= 10 or value == int(value) \
        else f"{value:.2g}"
