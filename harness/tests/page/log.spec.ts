import { expect, test } from '@playwright/test';
import { lineThatMatters, logPieces, visible } from '../src/log';

const SUM = 'processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0';
const lines = (text: string) => text.split('\n');

test('of a rejection the line before the statistics matters', () => {
  const log = lines(`0: (bf) r0 = r9\nR9 !read_ok\nverification time 117 usec\nstack depth 8+16\n${SUM}`);
  expect(log[lineThatMatters(log, 'VERIFIER_REJECTION')]).toBe('R9 !read_ok');
});

test('of a load that went well the sum matters', () => {
  const log = lines(`0: (95) exit\n${SUM}`);
  expect(log[lineThatMatters(log, 'LOADED')]).toBe(SUM);
});

test('of a log without statistics the last line matters', () => {
  const log = lines('magic: 0xeb9f\n[1] PTR (anon) type_id=9 Invalid type_id\n');
  expect(log[lineThatMatters(log, 'VERIFIER_REJECTION')]).toContain('Invalid type_id');
});

test('statistics alone and empty logs do not lose the reader', () => {
  expect(lineThatMatters([SUM], 'VERIFIER_REJECTION')).toBe(0);
  expect(lineThatMatters([''], 'VERIFIER_REJECTION')).toBe(-1);
});

test('head and tail that overlap are one log', () => {
  const text = 'one\ntwo\nthree\nfour\n';
  const pieces = logPieces(text.slice(0, 12), text.slice(6), text.length, 'LOADED', 'all');
  expect(pieces.length).toBe(1);
  expect(pieces[0]!.lines.map((line) => line.text)).toEqual(['one', 'two', 'three', 'four']);
});

test('head and tail with a gap stay two', () => {
  const pieces = logPieces('one\n', 'four\n', 100, 'VERIFIER_REJECTION', 'all');
  expect(pieces.map((piece) => piece.title)).toEqual(['Head of the log', 'Tail of the log']);
  expect(pieces[1]!.lines[0]!.mark).toBe(true);
});

test('what cannot be seen, or turns text around, is shown by name', () => {
  expect(visible('a\u001b[31m\u202eb\u0000')).toBe('a\u241b[31m\\u202eb\u2400');
  expect(visible('tab\tand\nline')).toBe('tab\tand\nline');
});
