// From cells and a filter to the rows of the table. Pure; 40,000 cells take some 50 ms.
import { modeTitle, type Look, type Run } from './data';
import type { Filter } from './state';

export interface Box {
  letter: string;
  detail: string;
  unexpected: boolean;
  faded: boolean; // there, but not what was looked for
  notes: string[];
  words: string; // for who cannot see it
  target: string; // what opens: a cell's id or a law's point
}
export interface Row {
  key: string;
  level: 1 | 2 | 3;
  title: string;
  hint: string;
  expanded?: boolean; // of levels 1 and 2
  unexpected: number; // likewise: of the cells below
  cells: number;
  boxes: (Box | null)[]; // of level 3, one per column
}
export interface Table {
  columns: number[]; // kernels
  rows: Row[];
  cells: number; // that match
  unexpected: number; // of them
}

// One row before the tree is drawn: its place in it, and what can be joined with what.
interface Leaf {
  path: [string, string]; // keys of the groups
  titles: [string, string];
  hints: [string, string];
  member: number; // loader, or mode
  boxes: (Box | null)[];
  matches: number;
}

const VERDICTS: Record<string, [string, string]> = {
  holds: ['✓', 'holds'],
  broken: ['B', 'broken'],
  excepted: ['E', 'excepted'],
  undecided: ['U', 'undecided'],
  not_applicable: ['–', ''],
  mixed: ['~', 'mixed'],
  not_measured: ['·', ''],
};
export const VERDICT_LEGEND: [string, string][] = [
  ['✓', 'the law holds'],
  ['Y', 'the feature is there'],
  ['N', 'the feature is not there'],
  ['B', 'the law is broken'],
  ['E', 'contradicted where an exception says so'],
  ['U', 'undecided: what it needs was not measured'],
  ['~', 'the feature is there in some cells only'],
  ['–', 'does not apply'],
];

export const tokensOf = (query: string) => query.toLowerCase().split(/\s+/).filter((word) => word !== '');

// Cells by words that their logs have, as Run.logsWith() gives them.
export type LogHits = ReadonlyMap<string, Uint8Array>;

function matcher(run: Run, filter: Filter, hits: LogHits): (cell: number) => boolean {
  const { data } = run;
  const { cells } = data;
  const pick = <T extends { id: string }>(axis: T[], wanted: string[]) =>
    axis.map((one) => wanted.length === 0 || wanted.includes(one.id));
  const kernels = pick(data.kernels, filter.kernel);
  const loaders = pick(data.loaders, filter.loader);
  const programs = pick(data.programs, filter.program);
  const looks = data.looks.map((look) => filter.status.length === 0 || filter.status.includes(look[4]));
  const has = (text: string, word: string) => text.toLowerCase().includes(word);
  const words = tokensOf(filter.query).map((word) => ({
    kernel: data.kernels.map((one) => has(`${one.id} ${one.title} ${one.release}`, word)),
    loader: data.loaders.map((one) => has(`${one.id} ${one.kind} ${one.version}`, word)),
    program: data.programs.map((one) => has(`${one.id} ${one.function} ${one.section}`, word)),
    mode: data.modes.map((one) => has(`${one.text} ${modeTitle(one)}`, word)),
    look: data.looks.map((look) => has(look.slice(1).flat().join(' '), word)),
    log: hits.get(word),
  }));
  return (cell) =>
    kernels[cells.kernel[cell]!]! &&
    loaders[cells.loader[cell]!]! &&
    programs[cells.program[cell]!]! &&
    looks[cells.look[cell]!]! &&
    words.every(
      (word) =>
        word.program[cells.program[cell]!] || word.mode[cells.mode[cell]!] ||
        word.loader[cells.loader[cell]!] || word.kernel[cells.kernel[cell]!] ||
        word.look[cells.look[cell]!] || word.log?.[cell] === 1,
    );
}

const lookWords = (run: Run, look: Look) => {
  const legend = run.data.legend.find(([letter]) => letter === look[0])?.[1] ?? '';
  return [legend, look[1], look[4], ...(look[3] ?? [])].filter((word) => word !== '').join(', ');
};

function cellLeaves(run: Run, filter: Filter, columns: number[], hits: LogHits): Leaf[] {
  const { data } = run;
  const { cells } = data;
  const matches = matcher(run, filter, hits);
  const column = new Map(columns.map((kernel, i) => [kernel, i]));
  const words = data.looks.map((look) => lookWords(run, look));
  const titles = data.modes.map(modeTitle);
  const leaves = new Map<string, Leaf>();
  for (let cell = 0; cell < run.count; ++cell) {
    const at = column.get(cells.kernel[cell]!);
    if (at === undefined) continue;
    const [loader, program, mode] = [cells.loader[cell]!, cells.program[cell]!, cells.mode[cell]!];
    const key = `${program}/${mode}/${loader}`;
    let leaf = leaves.get(key);
    if (!leaf) {
      const programTitle = data.programs[program]!.id;
      const loaderTitle = data.loaders[loader]!.id;
      const section = data.programs[program]!.section;
      const byLoader = filter.view === 'loader';
      leaf = {
        path: byLoader ? [`l${loader}`, `l${loader}p${program}`] : [`p${program}`, `p${program}m${mode}`],
        titles: byLoader ? [loaderTitle, programTitle] : [programTitle, titles[mode]!],
        hints: byLoader ? [data.loaders[loader]!.source, section] : [section, data.modes[mode]!.text],
        member: byLoader ? mode : loader,
        boxes: columns.map(() => null),
        matches: 0,
      };
      leaves.set(key, leaf);
    }
    const number = cells.look[cell]!;
    const look = data.looks[number]!;
    const matched = matches(cell);
    leaf.matches += matched ? 1 : 0;
    leaf.boxes[at] = {
      letter: look[0],
      detail: look[1],
      unexpected: look[2] === 1,
      faded: !matched,
      notes: look[3] ?? [],
      words: words[number]!,
      target: run.id(cell),
    };
  }
  return [...leaves.values()];
}

function lawLeaves(run: Run, filter: Filter, columns: number[]): Leaf[] {
  const { data } = run;
  const column = new Map(columns.map((kernel, i) => [kernel, i]));
  const tokens = tokensOf(filter.query);
  const leaves: Leaf[] = [];
  data.laws.forEach((law, number) => {
    const rows = new Map<number, Leaf>();
    const of_law = `${law.id} ${law.group} ${law.statement}`.toLowerCase();
    for (const [kernel, loader, verdict, cell, , text] of law.points) {
      const at = column.get(kernel);
      const { id } = data.loaders[loader]!;
      if (at === undefined || (filter.loader.length > 0 && !filter.loader.includes(id))) continue;
      const row = rows.get(loader) ?? {
        path: [`g${law.group}`, `w${number}`],
        titles: [law.group, law.statement],
        hints: ['', law.id],
        member: loader,
        boxes: columns.map(() => null),
        matches: 0,
      };
      rows.set(loader, row);
      const feature = law.kind === 'feature';
      const [letter, word] = feature && verdict === 'holds' ? ['Y', 'yes']
        : feature && verdict === 'broken' ? ['N', 'no'] : (VERDICTS[verdict] ?? ['?', verdict]);
      const all = `${of_law} ${id} ${data.kernels[kernel]!.id} ${word} ${text}`.toLowerCase();
      const of_program = filter.program.length === 0 ||
        (cell >= 0 && filter.program.includes(run.program(cell).id));
      const matched = of_program && tokens.every((token) => all.includes(token));
      row.matches += matched ? 1 : 0;
      row.boxes[at] = {
        letter,
        detail: word,
        unexpected: !feature && verdict === 'broken',
        faded: !matched,
        notes: [],
        words: [word || verdict.replace('_', ' '), text].filter((part) => part !== '').join(', '),
        target: `law:${law.id}/${data.kernels[kernel]!.id}/${id}`,
      };
    }
    leaves.push(...rows.values());
  });
  return leaves;
}

// "libbpf 0.3 … 1.1.2, 1.5.0": three or more neighbours become a range.
export function membersTitle(names: string[], members: number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < members.length; ) {
    let end = i;
    while (end + 1 < members.length && members[end + 1] === members[end]! + 1) ++end;
    if (end - i >= 2) parts.push(`${names[members[i]!]} … ${names[members[end]!]}`);
    else for (let j = i; j <= end; ++j) parts.push(names[members[j]!]!);
    i = end + 1;
  }
  return parts.join(', ');
}

const alikeKey = (leaf: Leaf) =>
  leaf.boxes
    .map((box) => (box ? [box.letter, box.detail, +box.unexpected, +box.faded, ...box.notes].join('\u0001') : ''))
    .join('\u0002');

function joined(run: Run, leaves: Leaf[], join: boolean): { leaf: Leaf; members: number[] }[] {
  const rows = new Map<string, { leaf: Leaf; members: number[] }>();
  for (const leaf of leaves) {
    const kind = join ? `${run.data.loaders[leaf.member]!.kind}\u0003${alikeKey(leaf)}` : String(leaf.member);
    const row = rows.get(kind);
    if (row) {
      row.members.push(leaf.member);
      row.leaf.matches += leaf.matches;
    } else {
      rows.set(kind, { leaf: { ...leaf }, members: [leaf.member] });
    }
  }
  return [...rows.values()];
}

export function makeTable(
  run: Run, filter: Filter, collapsed: ReadonlySet<string>, hits: LogHits = new Map(),
): Table {
  const { data } = run;
  const columns = data.kernels
    .map((_, i) => i)
    .filter((i) => filter.kernel.length === 0 || filter.kernel.includes(data.kernels[i]!.id));
  const laws = filter.view === 'law';
  const leaves = (laws ? lawLeaves(run, filter, columns) : cellLeaves(run, filter, columns, hits)).filter(
    (leaf) => leaf.matches > 0,
  );
  const groups = new Map<string, Map<string, Leaf[]>>();
  for (const leaf of leaves) {
    const group = groups.get(leaf.path[0]) ?? new Map<string, Leaf[]>();
    groups.set(leaf.path[0], group);
    const below = group.get(leaf.path[1]);
    if (below) below.push(leaf);
    else group.set(leaf.path[1], [leaf]);
  }
  const names = filter.view === 'loader' ? data.modes.map(modeTitle) : data.loaders.map((one) => one.id);
  const rows: Row[] = [];
  const head = (level: 1 | 2, below: Leaf[]): Row => {
    const key = below[0]!.path[level - 1]!;
    const boxes = below.flatMap((leaf) => leaf.boxes).filter((box) => box !== null && !box.faded);
    return {
      key,
      level,
      title: below[0]!.titles[level - 1]!,
      hint: below[0]!.hints[level - 1]!,
      expanded: !collapsed.has(key),
      unexpected: boxes.filter((box) => box!.unexpected).length,
      cells: boxes.length,
      boxes: [],
    };
  };
  let cells = 0;
  let unexpected = 0;
  for (const group of groups.values()) {
    const first = head(1, [...group.values()].flat());
    cells += first.cells;
    unexpected += first.unexpected;
    rows.push(first);
    if (!first.expanded) continue;
    for (const below of group.values()) {
      const second = head(2, below);
      rows.push(second);
      if (!second.expanded) continue;
      const join = filter.join && filter.view !== 'loader';
      for (const { leaf, members } of joined(run, below, join))
        rows.push({
          key: `${second.key}/${members[0]}`,
          level: 3,
          title: membersTitle(names, members),
          hint: members.map((member) => names[member]).join(', '),
          unexpected: 0,
          cells: leaf.matches,
          boxes: leaf.boxes,
        });
    }
  }
  return { columns, rows, cells, unexpected };
}

// All keys of groups that can be collapsed, of the first level.
export function groupKeys(table: Table): string[] {
  return table.rows.filter((row) => row.level === 1).map((row) => row.key);
}
