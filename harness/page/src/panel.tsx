// What is known of one cell, or of a law on one kernel with one loader, beside the table.
import { Button } from '@ariakit/react/button';
import { Dialog, DialogDismiss, DialogHeading } from '@ariakit/react/dialog';
import { useEffect, useState, type ReactNode } from 'react';
import { Copy } from './copy';
import { modeTitle, type Call, type Detail, type Observed, type Run, type Texts } from './data';
import { logPieces, messageThatMatters, visible, type LogLine } from './log';

interface Known {
  detail: Detail;
  texts: Texts;
}

function useKnown(run: Run, cell: number): Known | string | null {
  const [known, setKnown] = useState<{ cell: number; value: Known | string } | null>(null);
  useEffect(() => {
    let current = true;
    const read = async () => {
      const detail = await run.detail(cell);
      const texts = detail.observed ? await run.textsOf(detail.observed) : { head: '', tail: '', messages: '' };
      return { detail, texts };
    };
    read().then(
      (value) => current && setKnown({ cell, value }),
      (error: unknown) => current && setKnown({ cell, value: `This page is damaged: ${String(error)}` }),
    );
    return () => {
      current = false;
    };
  }, [run, cell]);
  return known?.cell === cell ? known.value : null;
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Fields({ fields }: { fields: [string, ReactNode][] }) {
  return (
    <dl>
      {fields.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const plain = (value: unknown): string =>
  value === null || value === undefined ? 'not known'
    : Array.isArray(value) ? value.join(', ')
    : typeof value === 'boolean' ? (value ? 'yes' : 'no') : visible(String(value));

function observedFields(observed: Observed, detail: Detail): [string, ReactNode][] {
  const fields: [string, unknown][] = [
    ['errno of the API', observed.errno],
    ['errno of bpf()', observed.kernel_errno],
    ['decided by', observed.decided_by],
    ['return value', observed['return_value']],
    ['buffer passed', `${plain(observed['buffer_size'])} bytes`],
    ['true size', observed['true_size']],
    ['true size that the kernel told', observed['log_true_size']],
    ['true size in the library’s option', observed['api_true_size']],
    ['log', `${observed.log_length} bytes, kept: ${observed.kept}`],
    ['written past the buffer', `${plain(observed['overrun'])} bytes`],
    ['verification was reached', observed['verified']],
    ['kernel BTF could be read', !observed['btf_unreadable']],
    ['BTF kinds', observed['btf_kinds']],
    ['took', detail.duration_us === undefined ? null : `${(detail.duration_us / 1000).toFixed(3)} ms in the guest`],
  ];
  for (const [name, value] of Object.entries(observed.verification ?? {}))
    fields.push([`verifier: ${name.replace('_', ' ')}`, value]);
  return fields.filter(([, value]) => value !== null && value !== undefined).map(([name, value]) => [name, plain(value)]);
}

function Lines({ lines }: { lines: LogLine[] }) {
  return (
    <>
      {lines.map((line, i) => (
        <span key={i}>
          {line.mark ? <mark>{visible(line.text)}</mark> : visible(line.text)}
          {'\n'}
        </span>
      ))}
    </>
  );
}

// What matters comes into sight.
function showMark(pre: HTMLPreElement | null) {
  const mark = pre?.querySelector('mark');
  if (pre && mark) pre.scrollTop = mark.offsetTop - pre.clientHeight / 2;
}

function Text({ label, lines }: { label: string; lines: LogLine[] }) {
  return (
    <pre tabIndex={0} role="region" aria-label={label} ref={showMark}>
      <Lines lines={lines} />
    </pre>
  );
}

function Log({ run, observed, texts, outcome }: { run: Run; observed: Observed; texts: Texts; outcome: string }) {
  const pieces = logPieces(texts.head, texts.tail, observed.log_length, outcome, observed.kept);
  const [head, tail] = run.data.text_limits;
  const shown = texts.head.length + texts.tail.length;
  if (pieces.length === 0) return null;
  const mark = pieces.flatMap((piece) => piece.lines).find((line) => line.mark);
  return (
    <Section title="Log">
      {mark && (
        <p className="matters">
          <span className="gap">The line that matters: </span>
          <code>{visible(mark.text)}</code>
        </p>
      )}
      {pieces.map((piece, i) => (
        <div key={piece.title}>
          {pieces.length > 1 && <h4>{piece.title}</h4>}
          {i > 0 && <p className="gap">… {Math.max(0, observed.log_length - shown)} bytes are left out here</p>}
          <Text label={piece.title} lines={piece.lines} />
        </div>
      ))}
      {head > 0 && observed.log_length > Math.min(head, tail) && (
        <p className="gap">
          To keep this page small, it has at most {head} bytes of a log’s head and {tail} of its tail; the
          results file of the run (bpfmatrix export) has 2048 and 4096.
        </p>
      )}
    </Section>
  );
}

function Messages({ text }: { text: string }) {
  if (text === '') return null;
  const lines = text.replace(/\n$/, '').split('\n');
  const marked = messageThatMatters(lines);
  return (
    <Section title="What the library printed">
      <Text label="What the library printed" lines={lines.map((line, i) => ({ text: line, mark: i === marked }))} />
    </Section>
  );
}

function Calls({ calls }: { calls: Call[] }) {
  if (calls.length === 0) return null;
  return (
    <Section title="The bpf() calls, in their order">
      <table className="calls">
        <thead>
          <tr>
            {['', 'command', 'log level', 'log size', 'attr size', 'result', 'log bytes', 'for'].map((name, i) => (
              <th key={i} scope="col">{name || <span className="unseen">number</span>}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {calls.map((call, i) => (
            <tr key={i} className={call.measured ? 'measured' : call.probe ? 'probe' : ''}>
              <td>{i + 1}</td>
              <td><code>{visible(call.cmd)}</code></td>
              <td>{call.level}</td>
              <td>{call.size}</td>
              <td>{call.attr_size}</td>
              <td>{call.errno === '0' ? 'success' : visible(call.errno)}</td>
              <td>{call.length}</td>
              <td>{call.measured ? 'the cell' : call.probe ? 'a probe' : 'preparing'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

const STATUS: Record<string, string> = { P: 'PASS', F: 'FAIL', D: 'DONE', E: 'ERROR', M: 'MISS', S: 'SKIP' };

function History({ run, cell }: { run: Run; cell: number }) {
  const { history } = run.data;
  if (history.length === 0) return null;
  const look = run.look(cell);
  const strip = history.map((past) => ({
    id: past.id,
    started: past.started,
    letter: past.letters[cell] ?? ' ',
    status: STATUS[past.statuses[cell] ?? ''] ?? 'not planned',
  }));
  strip.push({ id: run.data.run.id, started: run.data.run.started, letter: look[0], status: look[4] });
  return (
    <Section title="The last runs of this matrix">
      <ol className="strip">
        {strip.map((past) => (
          <li key={past.id} title={visible(`${past.started} · ${past.id} · ${past.status}`)}
              className={`box letter-${past.letter.codePointAt(0)!.toString(16)}${past.status === 'FAIL' ? ' unexpected' : ''}`}>
            <span aria-hidden="true">{past.letter === ' ' ? '·' : past.letter}</span>
            <span className="unseen">{visible(`${past.started.slice(0, 16)}: ${past.letter} ${past.status}`)}</span>
          </li>
        ))}
      </ol>
    </Section>
  );
}

function Digests({ run, cell, known }: { run: Run; cell: number; known: Known }) {
  const kernel = run.kernel(cell);
  const loader = run.loader(cell);
  const program = run.program(cell);
  const none = (text: string) => (text === '' ? 'not known' : visible(text));
  return (
    <Section title="What it was measured with">
      <Fields
        fields={[
          ['kernel', `${none(kernel.release)} · ${none(kernel.source)} · ${kernel.arch} · ${kernel.accel}${kernel.isolation ? ` (${kernel.isolation})` : ''}`],
          ['its SHA-256', <code key="k">{none(kernel.sha256)}</code>],
          ['loader', `${none(loader.id)} · ${none(loader.source)}`],
          ['its SHA-256', <code key="l">{none(loader.sha256)}</code>],
          ['program', `${none(program.function)} in ${none(program.section)}`],
          ['the object’s SHA-256', <code key="p">{none(program.object_sha256)}</code>],
          ...(known.detail.observed?.log_sha256
            ? [['the whole log’s SHA-256', <code key="t">{none(known.detail.observed.log_sha256)}</code>] as [string, ReactNode]]
            : []),
          ['content key', <code key="c">{none(known.detail.key)}</code>],
        ].map(([name, value], i) => [i === 3 ? 'the loader’s SHA-256' : i === 1 ? 'the kernel’s SHA-256' : name, value] as [string, ReactNode])}
      />
    </Section>
  );
}

function Evidence({ run, cell, onOpen }: { run: Run; cell: number; onOpen: (target: string) => void }) {
  const found = run.data.laws.flatMap((law) =>
    law.points.filter((point) => point[3] === cell || point[4] === cell).map((point) => ({ law, point })),
  );
  if (found.length === 0) return null;
  return (
    <Section title="Laws that name this cell as evidence">
      <ul>
        {found.map(({ law, point }) => {
          const target = `law:${law.id}/${run.data.kernels[point[0]]!.id}/${run.data.loaders[point[1]]!.id}`;
          return (
            <li key={target}>
              <Button className="link" onClick={() => onOpen(target)}>{visible(law.id)}</Button>: {plain(point[2].replace('_', ' '))}
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

function CellBody({ run, cell, alike, onOpen }: { run: Run; cell: number; alike: string[]; onOpen: (target: string) => void }) {
  const known = useKnown(run, cell);
  const look = run.look(cell);
  const [letter, detail, , notes, status, reason, outcome, text, note] = look;
  const flags = run.data.cells.flags[cell]!;
  const legend = run.data.legend.find(([one]) => one === letter)?.[1] ?? '';
  const kernel = run.kernel(cell);
  const loader = run.loader(cell);
  const remarks = [
    ...(notes ?? []),
    ...(note !== '' && !(notes ?? []).some((one) => one.includes(note)) ? [note] : []),
    ...(kernel.problem !== '' ? [`kernel: ${kernel.problem}`] : []),
    ...(loader.problem !== '' ? [`loader: ${loader.problem}`] : []),
    ...(flags & 1 ? ['Flaky: its attempts disagree; the last one is shown.'] : []),
    ...(flags & 2 ? ['Taken from an earlier run under the same content key, not measured now.'] : []),
  ];
  return (
    <>
      <p className="verdict">
        <span className={`badge box letter-${letter.codePointAt(0)!.toString(16)}`}>{letter} {detail}</span>{' '}
        {legend}
      </p>
      <Fields
        fields={[
          ['status', <b key="s" className={`status-${status}`}>{status}</b>],
          ['reason', <code key="r">{visible(reason)}</code>],
          ['outcome', <code key="o">{visible(outcome)}</code>],
          ...(text !== '' ? [['because', visible(text)] as [string, ReactNode]] : []),
          ['program', visible(run.program(cell).id)],
          ['log mode', visible(modeTitle(run.mode(cell)))],
          ['kernel', visible(`${kernel.id} (${kernel.title})`)],
          ['loader', visible(loader.id)],
          ...(known !== null && typeof known !== 'string' && known.detail.attempts !== 1
            ? [['attempts', String(known.detail.attempts)] as [string, ReactNode]] : []),
        ]}
      />
      {remarks.length > 0 && (
        <ul className="remarks">{remarks.map((remark, i) => <li key={i}>{visible(remark)}</li>)}</ul>
      )}
      {known === null && <p role="status">Unpacking …</p>}
      {typeof known === 'string' && <p role="alert">{visible(known)}</p>}
      {known !== null && typeof known !== 'string' && (
        <>
          <Section title="To measure it again">
            <pre className="command" tabIndex={0} role="region" aria-label="Command">{visible(known.detail.repro)}</pre>
            <Copy text={known.detail.repro} label="Copy the command" />
          </Section>
          {known.detail.observed && (
            <>
              <Log run={run} observed={known.detail.observed} texts={known.texts} outcome={outcome} />
              <Messages text={known.texts.messages} />
              <Calls calls={known.detail.observed.calls} />
              <Section title="Observed">
                <Fields fields={observedFields(known.detail.observed, known.detail)} />
              </Section>
            </>
          )}
          <History run={run} cell={cell} />
          <Evidence run={run} cell={cell} onOpen={onOpen} />
          {alike.length > 0 && (
            <Section title="Alike in this row">
              <ul>
                {alike.map((id) => (
                  <li key={id}><Button className="link" onClick={() => onOpen(id)}>{visible(id)}</Button></li>
                ))}
              </ul>
            </Section>
          )}
          <Digests run={run} cell={cell} known={known} />
        </>
      )}
    </>
  );
}

function LawBody({ run, target, onOpen }: { run: Run; target: string; onOpen: (target: string) => void }) {
  const [id, kernel, loader] = target.slice('law:'.length).split('/');
  const law = run.data.laws.find((one) => one.id === id);
  const point = law?.points.find(
    ([k, l]) => run.data.kernels[k]!.id === kernel && run.data.loaders[l]!.id === loader,
  );
  if (!law || !point) return <p role="alert">This run has no such law, kernel or loader.</p>;
  const [, , verdict, cell, held, text, looked, against] = point;
  const word = law.kind === 'feature' && verdict === 'holds' ? 'yes'
    : law.kind === 'feature' && verdict === 'broken' ? 'no' : verdict.replace('_', ' ');
  const link = (number: number) => (
    <Button className="link" onClick={() => onOpen(run.id(number))}>{visible(run.id(number))}</Button>
  );
  return (
    <>
      <p className="verdict">{visible(law.statement)}</p>
      <Fields
        fields={[
          [law.kind, <code key="i">{visible(law.id)}</code>],
          ['verdict', <b key="v" className={law.kind === 'law' && verdict === 'broken' ? 'status-FAIL' : ''}>{word}</b>],
          ...(text !== '' ? [['because', visible(text)] as [string, ReactNode]] : []),
          ['kernel', visible(kernel ?? '')],
          ['loader', visible(loader ?? '')],
          ['cells looked at', `${looked}${against > 0 ? `, ${against} of them against it` : ''}`],
          ...(cell >= 0 ? [['evidence', link(cell)] as [string, ReactNode]] : []),
          ...(held >= 0 ? [['held against', link(held)] as [string, ReactNode]] : []),
        ]}
      />
      {(law.sources ?? []).length > 0 && (
        <Section title="Sources">
          <ul>{(law.sources ?? []).map((source, i) => <li key={i}>{visible(source)}</li>)}</ul>
        </Section>
      )}
    </>
  );
}

interface Props {
  run: Run;
  open: string;
  alike: string[];
  onOpen: (target: string) => void;
  onClose: () => void;
  finalFocus: () => HTMLElement | null;
}

export function Panel({ run, open, alike, onOpen, onClose, finalFocus }: Props) {
  const law = open.startsWith('law:');
  const cell = law ? -1 : run.find(open);
  return (
    <Dialog open onClose={onClose} modal={false} portal={false} hideOnInteractOutside={false}
            finalFocus={finalFocus() ?? undefined} className="panel" render={<aside />}>
      <header>
        <DialogHeading className="panelhead">{visible(open)}</DialogHeading>
        <div className="buttons">
          <Copy text={() => location.href} label="Copy a link" />
          <DialogDismiss className="button">Close</DialogDismiss>
        </div>
      </header>
      {law ? <LawBody run={run} target={open} onOpen={onOpen} />
        : cell >= 0 ? <CellBody key={cell} run={run} cell={cell} alike={alike} onOpen={onOpen} />
        : <p role="alert">This run has no such cell.</p>}
    </Dialog>
  );
}
