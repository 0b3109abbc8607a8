// The runs that stand in the site's index: their types (harness/docs/page.md), and the lines of trends.

export const STATUSES = ['PASS', 'FAIL', 'DONE', 'ERROR', 'MISS', 'SKIP'] as const;

export interface SiteKernel {
  id: string;
  title: string;
  problem: string;
  measured: number;
  loaded: number;
  verified: number;
  insns_sum: number;
  insns_median: number | null;
  load_us: number | null;
}
export interface SiteRun {
  id: string;
  matrix: string;
  started: string;
  finished: string;
  selection: string;
  accel: string;
  program_version: string;
  exit_code: number;
  cells: number;
  flaky: number;
  cached: number;
  crashes: number;
  findings: number;
  counts: Record<(typeof STATUSES)[number], number>;
  page: string;
  kernels: SiteKernel[];
}
// letter, detail, unexpected
export type SiteCell = [string, string, 0 | 1];
export interface SiteTable {
  run: string;
  columns: string[];
  blocks: [string, [string, SiteCell[]][]][];
  legend: [string, string][];
  left_out: number;
}
export interface SiteData {
  format: number;
  runs: SiteRun[];
  tables: SiteTable[];
}

export interface Line {
  name: string;
  values: (number | null)[];
}

export function matricesOf(runs: SiteRun[]): string[] {
  return [...new Set(runs.map((run) => run.matrix))].sort();
}

// What a trend can hold against each other, oldest first: runs with an end and the same selection of cells.
// Runs of the whole matrix, or, where there are not two, the selection that most of them have.
export function trendOf(runs: SiteRun[], matrix: string): SiteRun[] {
  const ended = runs.filter((run) => run.matrix === matrix && run.finished !== '');
  const of = (selection: string) => ended.filter((run) => run.selection === selection);
  let trend = of('');
  if (trend.length < 2)
    for (const selection of new Set(ended.map((run) => run.selection)))
      if (of(selection).length > trend.length) trend = of(selection);
  return trend.reverse();
}

// A line for each kernel that has a number, those of the newest run first.
export function kernelLines(trend: SiteRun[], number: (kernel: SiteKernel) => number | null): Line[] {
  const ids = new Set(trend.slice().reverse().flatMap((run) => run.kernels.map((kernel) => kernel.id)));
  return [...ids]
    .map((id) => ({
      name: id,
      values: trend.map((run) => {
        const kernel = run.kernels.find((one) => one.id === id);
        return kernel ? number(kernel) : null;
      }),
    }))
    .filter((line) => line.values.some((value) => value !== null));
}

export function countLines(trend: SiteRun[]): Line[] {
  return [
    { name: 'not as expected', values: trend.map((run) => run.counts.FAIL) },
    { name: 'kernel crashed or complained', values: trend.map((run) => run.crashes) },
    { name: 'not measured (ERROR, MISS)', values: trend.map((run) => run.counts.ERROR + run.counts.MISS) },
    { name: 'flaky', values: trend.map((run) => run.flaky) },
  ];
}

export function resultOf(run: SiteRun): [string, 'good' | 'bad' | 'poor'] {
  if (run.finished === '') return ['incomplete', 'poor'];
  switch (run.exit_code) {
    case 0:
      return ['as expected', 'good'];
    case 100:
      return ['unexpected', 'bad'];
    case 101:
      return ['not all could run', 'poor'];
    default:
      return [`exit code ${run.exit_code}`, 'poor'];
  }
}
