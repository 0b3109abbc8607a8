// The index of a site: the newest run's table, trends of its matrix, all runs.
import { Button } from '@ariakit/react';
import { useEffect, useMemo, useState } from 'react';
import { flushSync } from 'react-dom';
import { visible } from './log';
import { PageLink } from './page_link';
import { Plot } from './plot';
import {
  countLines, kernelLines, matricesOf, resultOf, STATUSES, trendOf,
  type SiteData, type SiteRun, type SiteTable,
} from './site_data';
import { useDark } from './theme';

// The matrix whose runs are shown, in the address behind `#`; empty: all.
function useMatrix(known: string[]): [string, (matrix: string) => void] {
  const read = () => {
    const wanted = new URLSearchParams(location.hash.slice(1)).get('matrix') ?? '';
    return known.includes(wanted) ? wanted : '';
  };
  const [matrix, setMatrix] = useState(read);
  useEffect(() => {
    const follow = () => setMatrix(read());
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  });
  return [matrix, (value) => {
    location.hash = value === '' ? '' : new URLSearchParams({ matrix: value }).toString();
    setMatrix(value);
  }];
}

function usePrinting(): boolean {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    const before = () => flushSync(() => setPrinting(true));
    const after = () => setPrinting(false);
    addEventListener('beforeprint', before);
    addEventListener('afterprint', after);
    return () => {
      removeEventListener('beforeprint', before);
      removeEventListener('afterprint', after);
    };
  }, []);
  return printing;
}

const when = (run: SiteRun) => visible(run.started.replace('T', ' ').replace(/:\d\dZ$/, ''));
const label = (run: SiteRun) => when(run).slice(5);

const code = (letter: string) => letter.codePointAt(0)?.toString(16) ?? '';

function Result({ run }: { run: SiteRun }) {
  const [words, kind] = resultOf(run);
  return <span className={`result ${kind}`}>{words}</span>;
}

function countsOf(run: SiteRun): string {
  const counts = STATUSES.filter((status) => run.counts[status] > 0).map((status) => `${run.counts[status]} ${status}`);
  const more = [run.flaky > 0 ? `${run.flaky} flaky` : '', run.findings > 0 ? `${run.findings} findings` : ''];
  return [`${run.cells} cells: ${counts.join(', ')}`, ...more.filter((text) => text !== '')].join('; ');
}

function TableOf({ table }: { table: SiteTable }) {
  return (
    <>
      <div className="overview" tabIndex={0} role="region" aria-label="Table of the latest run">
        <table>
          <thead>
            <tr>
              <th scope="col">loaders</th>
              {table.columns.map((column, i) => <th scope="col" key={i}>{visible(column)}</th>)}
            </tr>
          </thead>
          {table.blocks.map(([title, rows], i) => (
            <tbody key={i}>
              <tr><th scope="rowgroup" className="block" colSpan={table.columns.length + 1}>{visible(title)}</th></tr>
              {rows.map(([loaders, cells], j) => (
                <tr key={j}>
                  <th scope="row">{visible(loaders)}</th>
                  {cells.map(([letter, detail, unexpected], k) => (
                    <td key={k}
                        className={`box letter-${code(letter)}${unexpected ? ' unexpected' : ''}`}>
                      <b>{letter}</b> {visible(detail)}{unexpected ? <b className="bang"> !</b> : null}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      </div>
      {table.left_out > 0 && (
        <p className="shown">{table.left_out} more rows are on the run’s page; rows with something unexpected come first here.</p>
      )}
      <ul className="legend" aria-label="Legend">
        {table.legend.map(([letter, words]) => (
          <li key={letter}>
            {letter !== '' && <span className={`badge box letter-${code(letter)}`}>{letter}</span>} {visible(words)}
          </li>
        ))}
        <li><span className="badge box unexpected">!</span> not as expected</li>
      </ul>
    </>
  );
}

function Latest({ run, table }: { run: SiteRun; table: SiteTable | undefined }) {
  return (
    <section aria-labelledby="latest">
      <h2 id="latest">Latest run: {visible(run.id)}</h2>
      <p>
        <Result run={run} /> {countsOf(run)}
        {run.selection !== '' ? `; only a part of the matrix: ${visible(run.selection)}` : ''}
      </p>
      <p>{run.page !== '' ? <PageLink page={run.page}>Open its page: every cell with log, calls and command</PageLink> : 'It has no page here.'}</p>
      {table && <TableOf table={table} />}
    </section>
  );
}

function Trends({ runs, matrix, dark }: { runs: SiteRun[]; matrix: string; dark: boolean }) {
  const [form, setForm] = useState<'sum' | 'median'>('sum');
  const trend = useMemo(() => trendOf(runs, matrix), [runs, matrix]);
  const labels = useMemo(() => trend.map(label), [trend]);
  const insns = useMemo(
    () => kernelLines(trend, (kernel) => (kernel.verified === 0 ? null : form === 'sum' ? kernel.insns_sum : kernel.insns_median)),
    [trend, form],
  );
  const times = useMemo(
    () => kernelLines(trend, (kernel) => (kernel.load_us === null ? null : kernel.load_us / 1000)),
    [trend],
  );
  const counts = useMemo(() => countLines(trend), [trend]);
  const left_out = runs.filter((run) => run.matrix === matrix).length - trend.length;
  return (
    <section aria-labelledby="trends">
      <h2 id="trends">Trends of {visible(matrix)}</h2>
      <p className="shown">
        {trend.length} {trend.length === 1 ? 'run' : 'runs, the oldest left'}
        {trend[0] && trend[0].selection !== '' ? `, all of a part of the matrix: ${visible(trend[0].selection)}` : ''}
        {left_out > 0 ? `; ${left_out} that have no end or another selection of cells are left out` : ''}
      </p>
      {trend.length > 0 && (
        <>
          <div className="toolbar">
            <span className="choice">
              <label className="label" htmlFor="form">instructions</label>
              <select id="form" className="button" value={form} onChange={(event) => setForm(event.target.value as 'sum' | 'median')}>
                <option value="sum">sum over loaded cells</option>
                <option value="median">median of loaded cells</option>
              </select>
            </span>
          </div>
          <div className="plots">
            <Plot title={`Verified instructions, ${form} of each kernel`} lines={insns} labels={labels} dark={dark} />
            <Plot title="Load time in ms, median of each kernel" lines={times} labels={labels} dark={dark} />
            <Plot title="Cells that need a look" lines={counts} labels={labels} dark={dark} from_zero />
          </div>
        </>
      )}
    </section>
  );
}

function Runs({ runs }: { runs: SiteRun[] }) {
  return (
    <section aria-labelledby="runs">
      <h2 id="runs">Runs</h2>
      <div className="runs" tabIndex={0} role="region" aria-label="List of runs">
        <table className="list">
          <thead>
            <tr>
              {['run', 'matrix', 'started (UTC)', 'result', 'exit', 'cells', ...STATUSES, 'crashes', 'kernels'].map((name) => (
                <th scope="col" key={name}>{name}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {runs.map((run) => (
              <tr key={run.id}>
                <th scope="row"><PageLink page={run.page}>{visible(run.id)}</PageLink></th>
                <td>{visible(run.matrix)}{run.selection !== '' ? ' (a part)' : ''}</td>
                <td>{when(run)}</td>
                <td><Result run={run} /></td>
                <td>{run.exit_code}</td>
                <td>{run.cells}</td>
                {STATUSES.map((status) => (
                  <td key={status} className={status === 'FAIL' && run.counts.FAIL > 0 ? 'bad' : ''}>{run.counts[status] || ''}</td>
                ))}
                <td>{run.crashes || ''}</td>
                <td className="kernels">
                  {run.kernels.map((kernel) => `${visible(kernel.title)}${kernel.measured === 0 ? ' (nothing measured)' : ''}`).join(', ')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

export function SiteApp({ data }: { data: SiteData }) {
  const matrices = useMemo(() => matricesOf(data.runs), [data]);
  const [matrix, setMatrix] = useMatrix(matrices);
  const [dark, setDark] = useDark();
  const printing = usePrinting();
  const runs = useMemo(
    () => (matrix === '' ? data.runs : data.runs.filter((run) => run.matrix === matrix)),
    [data, matrix],
  );
  const latest = runs[0];
  return (
    <>
      <header className="top">
        <h1>bpfmatrix: all runs</h1>
        <p role="status" className="shown">{runs.length} of {data.runs.length} runs</p>
      </header>
      <div className="toolbar" role="search">
        <span className="choice">
          <label className="label" htmlFor="matrix">matrix</label>
          <select id="matrix" className="button" value={matrix} onChange={(event) => setMatrix(event.target.value)}>
            <option value="">all</option>
            {matrices.map((name) => <option key={name} value={name}>{visible(name)}</option>)}
          </select>
        </span>
        <Button className="button" aria-pressed={dark} onClick={() => setDark(!dark)}>Dark</Button>
      </div>
      <main className="site">
        {latest ? (
          <>
            <Latest run={latest} table={data.tables.find((table) => table.run === latest.id)} />
            <Trends runs={data.runs} matrix={latest.matrix} dark={dark && !printing} />
            <Runs runs={runs} />
          </>
        ) : (
          <p className="empty">There are no runs.</p>
        )}
      </main>
    </>
  );
}
