// What a log is shown as, and which of its lines matters. Pure.

const STATISTICS =
  /^(processed \d+ insns|verification time |stack depth |insns_|max_states_per_insn|peak_states|mark_read|total_states)/;

export interface LogLine {
  text: string;
  mark: boolean; // what errno and verdict hinge on
}
export interface LogPiece {
  title: string;
  lines: LogLine[];
}

// The line to look at first: of a rejection the last that is no statistics, of a log that was cut the
// one where it ends, of a load that went well the verifier's sum.
export function lineThatMatters(lines: string[], outcome: string): number {
  let last = lines.length - 1;
  while (last >= 0 && lines[last]!.trim() === '') --last;
  if (last < 0) return -1;
  if (outcome === 'LOADED') {
    const sum = lines.findLastIndex((line) => line.startsWith('processed '));
    return sum;
  }
  let line = last;
  while (line >= 0 && (STATISTICS.test(lines[line]!) || lines[line]!.trim() === '')) --line;
  return line < 0 ? last : line;
}

const bytes = (text: string) => new TextEncoder().encode(text).length;

// Head and tail as they were kept: one piece where they meet or overlap, else two with what is
// missing between them.
export function logPieces(
  head: string, tail: string, length: number, outcome: string, kept: string,
): LogPiece[] {
  const texts: [string, string][] = [];
  const spare = bytes(head) + bytes(tail) - length;
  if (head === '' && tail === '') return [];
  if (bytes(head) >= length || tail === '') texts.push(['Log', head]);
  else if (head === '') texts.push(['Tail of the log', tail]);
  else if (spare >= 0 && bytes(tail) === tail.length) texts.push(['Log', head + tail.slice(spare)]);
  else texts.push(['Head of the log', head], ['Tail of the log', tail]);
  // A log of which the head was kept ends where it was cut, not with its reason.
  return texts.map(([title, text], i) => {
    const lines = text.replace(/\n$/, '').split('\n');
    const marked = i === texts.length - 1 ? lineThatMatters(lines, kept === 'none' ? '' : outcome) : -1;
    return { title, lines: lines.map((line, at) => ({ text: line, mark: at === marked })) };
  });
}

// Of the library's messages, the last that says what failed.
export function messageThatMatters(lines: string[]): number {
  return lines.findLastIndex((line) => /fail|error|invalid|not (found|supported)/i.test(line));
}

// Control characters would be invisible, or turn the text around: they are shown as what they are.
export function visible(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff]/g,
    (c) => {
      const code = c.charCodeAt(0);
      if (code < 0x20) return String.fromCharCode(0x2400 + code);
      return `\\u${code.toString(16).padStart(4, '0')}`;
    },
  );
}
