// The run that stands in the page: its types (harness/docs/page.md), and unpacking what is packed.

export interface Kernel {
  id: string;
  title: string;
  release: string;
  vendor: string;
  series: string;
  arch: string;
  backend: string;
  accel: string;
  isolation: string;
  source: string;
  sha256: string;
  problem: string;
}
export interface Loader {
  id: string;
  kind: string;
  version: string;
  source: string;
  sha256: string;
  problem: string;
}
export interface Program {
  id: string;
  object_sha256: string;
  function: string;
  section: string;
}
export interface Mode {
  text: string;
  interface: string;
  level: string;
  buffer: string;
  extra: Record<string, string>;
}
// letter, detail, unexpected, notes, status, reason, outcome, text, note, errno
export type Look = [
  string, string, 0 | 1, string[] | null, string, string, string, string, string, string,
];
// kernel, loader, verdict, cell, held against, text, cells looked at, contradicting
export type Point = [number, number, string, number, number, string, number, number];
export interface Law {
  id: string;
  kind: 'law' | 'feature';
  group: string;
  statement: string;
  sources: string[] | null;
  points: Point[];
}
export interface PastRun {
  id: string;
  started: string;
  letters: string;
  statuses: string;
}
export interface RunData {
  format: number;
  run: Record<
    | 'id' | 'matrix' | 'matrix_file' | 'selection' | 'started' | 'finished' | 'program_version'
    | 'qemu_version' | 'accel' | 'host',
    string
  > & { exit_code: number };
  summary: string[];
  kernels: Kernel[];
  loaders: Loader[];
  programs: Program[];
  legend: [string, string][];
  modes: Mode[];
  looks: Look[];
  cells: Record<'kernel' | 'loader' | 'program' | 'mode' | 'look' | 'flags', number[]>;
  ids: [number, string][];
  cells_of_part: number;
  laws: Law[];
  history: PastRun[];
  text_firsts: number[];
  text_limits: [number, number];
}

export interface Call {
  cmd: string;
  level: number;
  size: number;
  attr_size: number;
  errno: string;
  probe: boolean;
  measured: boolean;
  length: number;
}
export interface Observed {
  errno: string;
  kernel_errno: string | null;
  decided_by: string;
  log_length: number;
  kept: string;
  log_head: number;
  log_tail: number;
  messages: number;
  log_sha256: string;
  verification: Record<string, number | null> | null;
  calls: Call[];
  [field: string]: unknown;
}
export interface Detail {
  key: string;
  state: string;
  attempts: number;
  repro: string;
  duration_us?: number;
  observed?: Observed;
}
export interface Texts {
  head: string;
  tail: string;
  messages: string;
}

function island<T>(id: string): T {
  return JSON.parse(document.getElementById(id)?.textContent ?? 'null') as T;
}

async function unpack<T>(packed: string): Promise<T> {
  const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return JSON.parse(await new Response(stream).text()) as T;
}

// An array in packed parts, each unpacked once, when it is first wanted.
class Parts<T> {
  private packed: string[] | undefined;
  private readonly parts = new Map<number, Promise<T[]>>();
  constructor(private readonly id: string) {}
  async all(): Promise<T[]> {
    this.packed ??= island<string[]>(this.id);
    return (await Promise.all(this.packed.map((_, i) => this.part(i)))).flat();
  }
  part(number: number): Promise<T[]> {
    let part = this.parts.get(number);
    if (!part) {
      this.packed ??= island<string[]>(this.id);
      part = unpack<T[]>(this.packed[number] ?? '');
      this.parts.set(number, part);
    }
    return part;
  }
}

// What the logs of all cells are: numbers of texts by cell, and the texts in lower case.
interface Logs {
  cells: Int32Array[]; // head, tail, messages
  texts: string[];
}

export class Run {
  readonly data = island<RunData>('run');
  private readonly details = new Parts<Detail>('details');
  private readonly texts = new Parts<string>('texts');
  private readonly odd_ids = new Map(this.data.ids);
  private numbers: Map<string, number> | undefined;
  private logs: Promise<Logs> | undefined;

  get count(): number {
    return this.data.cells.look.length;
  }
  look(cell: number): Look {
    return this.data.looks[this.data.cells.look[cell]!]!;
  }
  kernel(cell: number): Kernel {
    return this.data.kernels[this.data.cells.kernel[cell]!]!;
  }
  loader(cell: number): Loader {
    return this.data.loaders[this.data.cells.loader[cell]!]!;
  }
  program(cell: number): Program {
    return this.data.programs[this.data.cells.program[cell]!]!;
  }
  mode(cell: number): Mode {
    return this.data.modes[this.data.cells.mode[cell]!]!;
  }
  id(cell: number): string {
    return (
      this.odd_ids.get(cell) ??
      [this.kernel(cell).id, this.loader(cell).id, this.program(cell).id, this.mode(cell).text].join('/')
    );
  }
  // -1 when there is none of that id.
  find(id: string): number {
    if (!this.numbers) {
      this.numbers = new Map();
      for (let cell = 0; cell < this.count; ++cell) this.numbers.set(this.id(cell), cell);
    }
    return this.numbers.get(id) ?? -1;
  }

  async detail(cell: number): Promise<Detail> {
    const size = this.data.cells_of_part;
    const part = await this.details.part(Math.floor(cell / size));
    return part[cell % size]!;
  }
  async text(number: number): Promise<string> {
    if (number < 0) return '';
    const firsts = this.data.text_firsts;
    let part = 0;
    while (part + 1 < firsts.length && firsts[part + 1]! <= number) ++part;
    return (await this.texts.part(part))[number - firsts[part]!] ?? '';
  }
  // For each word a 1 for every cell that has it in its log or in what the library printed. Unpacks
  // everything, the first time.
  async logsWith(words: string[]): Promise<Map<string, Uint8Array>> {
    this.logs ??= this.readLogs();
    const { cells, texts } = await this.logs;
    return new Map(
      words.map((word) => {
        const has = texts.map((text) => text.includes(word));
        const found = new Uint8Array(this.count);
        for (const column of cells)
          column.forEach((text, cell) => {
            if (text >= 0 && has[text]) found[cell] = 1;
          });
        return [word, found];
      }),
    );
  }
  private async readLogs(): Promise<Logs> {
    const [details, texts] = await Promise.all([this.details.all(), this.texts.all()]);
    const column = (of: 'log_head' | 'log_tail' | 'messages') =>
      Int32Array.from(details, (detail) => detail.observed?.[of] ?? -1);
    return {
      cells: [column('log_head'), column('log_tail'), column('messages')],
      texts: texts.map((text) => text.toLowerCase()),
    };
  }
  async textsOf(observed: Observed): Promise<Texts> {
    const [head, tail, messages] = await Promise.all([
      this.text(observed.log_head),
      this.text(observed.log_tail),
      this.text(observed.messages),
    ]);
    return { head, tail, messages };
  }
}

export function modeTitle(mode: Mode): string {
  const extra = Object.entries(mode.extra).map(([key, value]) => `${key} ${value}`);
  return [mode.interface, `level ${mode.level}`, `buffer ${mode.buffer}`, ...extra].join(' · ');
}
