import { Disclosure, DisclosureContent, DisclosureProvider } from '@ariakit/react/disclosure';
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import type { Run } from './data';
import { Grid } from './grid';
import { visible } from './log';
import { Panel } from './panel';
import { groupKeys, makeTable, tokensOf, VERDICT_LEGEND, type LogHits, type Row } from './rows';
import { useFragment } from './state';
import { useDark } from './theme';
import { Toolbar } from './toolbar';

function titleOf(run: Run): string {
  const { run: header, kernels } = run.data;
  const isolation = [...new Set(kernels.map((kernel) => kernel.isolation).filter((text) => text !== ''))].join('; ');
  const accel = header.accel.toUpperCase() + (isolation === '' ? '' : ` (${isolation})`);
  return [header.matrix, accel, header.started.slice(0, 10)].filter((text) => text !== '').join(' · ');
}

function Summary({ run }: { run: Run }) {
  const { run: header, summary } = run.data;
  const [counts, ...rest] = summary;
  const failures = rest.filter((line) => /^(FAIL|ERROR|MISS|finding)/.test(line)).length;
  return (
    <header className="top">
      <h1>{visible(titleOf(run))}</h1>
      <p className="counts">
        {visible(counts ?? '')} · run <code>{visible(header.id)}</code>
        {header.finished === '' && <b className="status-FAIL"> · incomplete</b>}
      </p>
      {rest.length > 0 && (
        <DisclosureProvider>
          <Disclosure className="button">
            Summary{failures > 0 ? `: ${failures} to look at` : ''}
          </Disclosure>
          <DisclosureContent className="summary" tabIndex={0} role="region" aria-label="Summary">
            <ul>{rest.map((line, i) => <li key={i}>{visible(line)}</li>)}</ul>
            <p>
              bpfmatrix {visible(header.program_version)}, QEMU {visible(header.qemu_version)}, on{' '}
              {visible(header.host)}, started {visible(header.started)}
            </p>
          </DisclosureContent>
        </DisclosureProvider>
      )}
    </header>
  );
}

function Legend({ lines }: { lines: [string, string][] }) {
  return (
    <ul className="legend" aria-label="Legend">
      {lines.map(([letter, words]) => (
        <li key={letter}>
          <span className={`badge box letter-${letter.codePointAt(0)!.toString(16)}`}>{letter}</span> {words}
        </li>
      ))}
      <li><span className="badge box unexpected">!</span> not as expected</li>
    </ul>
  );
}

const isText = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.matches('input, textarea, select') || target.isContentEditable);

const NO_HITS: LogHits = new Map();

// What the logs say to a search; what was found before stands until then.
function useLogHits(run: Run, query: string): LogHits {
  const [hits, setHits] = useState(NO_HITS);
  useEffect(() => {
    const words = tokensOf(query);
    let current = true;
    if (words.length === 0) setHits(NO_HITS);
    else void run.logsWith(words).then((found) => current && setHits(found));
    return () => {
      current = false;
    };
  }, [run, query]);
  return hits;
}

export function App({ run }: { run: Run }) {
  const [filter, change] = useFragment();
  const [dark, setDark] = useDark();
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const [printing, setPrinting] = useState(false);
  const [row, setRow] = useState<Row | null>(null);
  const search = useRef<HTMLInputElement>(null);
  const opener = useRef<Element | null>(null);
  // Typing goes on while the table follows.
  const query = useDeferredValue(filter.query);
  const { view, join, logs, status, kernel, loader, program, open } = filter;
  const hits = useLogHits(run, logs && view !== 'law' ? query : '');

  const table = useMemo(
    () => makeTable(run, { view, join, query, logs, status, kernel, loader, program, open: '' }, collapsed, hits),
    [run, view, join, query, logs, status, kernel, loader, program, collapsed, hits],
  );
  const columns = useMemo(() => table.columns.map((i) => run.data.kernels[i]!), [run, table]);

  useEffect(() => {
    document.title = `${titleOf(run)} – bpfmatrix`;
    const before = () => flushSync(() => setPrinting(true));
    const after = () => setPrinting(false);
    const key = (event: KeyboardEvent) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isText(event.target)) return;
      event.preventDefault();
      search.current?.focus();
      search.current?.select();
    };
    addEventListener('beforeprint', before);
    addEventListener('afterprint', after);
    addEventListener('keydown', key);
    return () => {
      removeEventListener('beforeprint', before);
      removeEventListener('afterprint', after);
      removeEventListener('keydown', key);
    };
  }, [run]);

  const onToggle = useCallback((key: string) => {
    setCollapsed((before) => {
      const after = new Set(before);
      if (!after.delete(key)) after.add(key);
      return after;
    });
  }, []);
  const onOpen = useCallback((target: string, from: Row) => {
    opener.current = document.activeElement;
    setRow(from);
    change({ open: target });
  }, [change]);
  const onOpenAlone = useCallback((target: string) => {
    setRow(null);
    change({ open: target });
  }, [change]);

  const points = useMemo(() => run.data.laws.reduce((sum, law) => sum + law.points.length, 0), [run]);

  // The other cells of a row that stands for several loaders.
  const alike = useMemo(() => {
    if (open === '' || open.startsWith('law:') || !row || view !== 'program') return [];
    const cell = run.find(open);
    if (cell < 0) return [];
    const mine = run.loader(cell).id;
    const rest = open.slice(run.kernel(cell).id.length + 1 + mine.length);
    return row.hint.split(', ').filter((id) => id !== mine).map((id) => `${run.kernel(cell).id}/${id}${rest}`)
      .filter((id) => run.find(id) >= 0);
  }, [run, open, row, view]);

  return (
    <>
      <Summary run={run} />
      <Toolbar run={run} filter={filter} change={change} search={search} dark={dark} setDark={setDark}
               onCollapse={() => setCollapsed(new Set(groupKeys(table)))} onExpand={() => setCollapsed(new Set())} />
      <p role="status" className="shown">
        {table.cells} of{' '}
        {view === 'law'
          ? `${points} verdicts of ${run.data.laws.length} laws and features`
          : `${run.count} cells`}
        {table.unexpected > 0 ? `, ${table.unexpected} not as expected` : ''}
      </p>
      <main className={open === '' ? 'alone' : 'beside'}>
        {table.rows.length === 0 ? (
          <p className="empty">Nothing matches. Clear the filters to see all cells.</p>
        ) : (
          <Grid label={view === 'law' ? 'Laws' : 'Cells'} kernels={columns} rows={table.rows} open={open}
                whole={printing} onOpen={onOpen} onToggle={onToggle} />
        )}
        {open !== '' && (
          <Panel run={run} open={open} alike={alike} onOpen={onOpenAlone} onClose={() => change({ open: '' })}
                 finalFocus={() => (opener.current instanceof HTMLElement ? opener.current : null)} />
        )}
      </main>
      <Legend lines={view === 'law' ? VERDICT_LEGEND : run.data.legend} />
    </>
  );
}
