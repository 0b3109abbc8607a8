// The table: a tree of rows, of which only those in sight are in the document.
//
// Keys as in a spreadsheet and a tree: arrows, Home, End, Page Up and Down; Enter opens a cell or
// turns a group; Left and Right on a group close and open it. One cell can be reached by Tab.
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import type { Kernel } from './data';
import type { Box, Row } from './rows';
import { visible } from './log';

const ROW = 28; // pixels, as in style.css
const PAGE = 20; // rows

interface Place {
  row: number;
  column: number; // 0: the title
}
interface Props {
  label: string;
  kernels: Kernel[];
  rows: Row[];
  open: string;
  whole: boolean; // all rows, for printing
  onOpen: (target: string, row: Row) => void;
  onToggle: (key: string) => void;
}

export const placeOf = (row: string, column: number) => `${row}|${column}`;

function BoxView({ box, place, active, open }: { box: Box; place: string; active: boolean; open: boolean }) {
  const classes = ['box', `letter-${box.letter.codePointAt(0)!.toString(16)}`];
  if (box.unexpected) classes.push('unexpected');
  if (box.faded) classes.push('faded');
  if (open) classes.push('open');
  return (
    <td role="gridcell" className={classes.join(' ')} data-place={place} tabIndex={active ? 0 : -1}
        title={visible(box.words)} aria-current={open || undefined}>
      <span className="letter" aria-hidden="true">{box.letter}</span>
      <span aria-hidden="true"> {box.detail}</span>
      {box.unexpected && <span className="bang" aria-hidden="true"> !</span>}
      <span className="unseen">
        {visible(box.words)}{box.unexpected ? ', not as expected' : ''}{box.faded ? ', not what is filtered for' : ''}
      </span>
    </td>
  );
}

function HeadRow({ row, index, columns, active }: { row: Row; index: number; columns: number; active: boolean }) {
  return (
    <tr role="row" className={`head level-${row.level}`} aria-level={row.level} aria-expanded={row.expanded}
        aria-rowindex={index + 2}>
      <th role="rowheader" scope="colgroup" colSpan={columns + 1} data-place={placeOf(row.key, 0)}
          tabIndex={active ? 0 : -1} title={visible(row.hint)}>
        <span className="headline">
          <span className="turn" aria-hidden="true">{row.expanded ? '▾' : '▸'}</span>
          <span className="headtitle">{visible(row.title)}</span>
          <span className="count">{row.cells}{row.unexpected > 0 && <b> · {row.unexpected} unexpected</b>}</span>
        </span>
      </th>
    </tr>
  );
}

function CellsRow({ row, index, active, open }: { row: Row; index: number; active: number; open: string }) {
  return (
    <tr role="row" aria-level={3} aria-rowindex={index + 2}>
      <th role="rowheader" scope="row" data-place={placeOf(row.key, 0)} tabIndex={active === 0 ? 0 : -1}
          title={visible(row.hint)}>
        {visible(row.title)}
      </th>
      {row.boxes.map((box, i) =>
        box ? (
          <BoxView key={i} box={box} place={placeOf(row.key, i + 1)} active={active === i + 1}
                   open={open !== '' && open === box.target} />
        ) : (
          <td key={i} role="gridcell" className="box none" data-place={placeOf(row.key, i + 1)}
              tabIndex={active === i + 1 ? 0 : -1}>
            <span className="unseen">not planned</span>
          </td>
        ),
      )}
    </tr>
  );
}

export const Grid = memo(function Grid({ label, kernels, rows, open, whole, onOpen, onToggle }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const wanted = useRef<string | null>(null); // the place that is to have the focus once it is drawn
  const [active, setActive] = useState<Place>({ row: 0, column: 0 });
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    getItemKey: (i) => rows[i]?.key ?? i,
    overscan: 12,
    scrollMargin: ROW,
    scrollPaddingStart: ROW,
  });
  const drawn = virtualizer.getVirtualItems();
  const first = whole ? 0 : (drawn[0]?.index ?? 0);
  const last = whole ? rows.length - 1 : (drawn[drawn.length - 1]?.index ?? -1);
  const indexes = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const here: Place = {
    row: Math.min(active.row, Math.max(rows.length - 1, 0)),
    column: rows[active.row]?.level === 3 ? Math.min(active.column, kernels.length) : 0,
  };
  // Something can always be reached by Tab, even when the active row is out of sight.
  const stop = here.row >= first && here.row <= last ? here : { row: first, column: 0 };

  const places = useMemo(() => {
    const map = new Map<string, Place>();
    rows.forEach((row, i) => {
      map.set(placeOf(row.key, 0), { row: i, column: 0 });
      row.boxes.forEach((_, j) => map.set(placeOf(row.key, j + 1), { row: i, column: j + 1 }));
    });
    return map;
  }, [rows]);

  useEffect(() => {
    if (wanted.current === null) return;
    const element = scroller.current?.querySelector<HTMLElement>(`[data-place="${CSS.escape(wanted.current)}"]`);
    if (!element) return;
    wanted.current = null;
    element.focus({ preventScroll: false });
  });

  // The open cell of a link comes into sight.
  const shown = useRef('');
  useEffect(() => {
    if (open === '' || shown.current === open) return;
    const row = rows.findIndex((one) => one.boxes.some((box) => box?.target === open));
    if (row < 0) return;
    shown.current = open;
    const column = rows[row]!.boxes.findIndex((box) => box?.target === open) + 1;
    setActive({ row, column });
    if (row < first || row > last) virtualizer.scrollToIndex(row, { align: 'center' });
  }, [open, rows, first, last, virtualizer]);

  const go = (row: number, column: number) => {
    const to = Math.max(0, Math.min(rows.length - 1, row));
    const target = rows[to];
    if (!target) return;
    setActive({ row: to, column });
    wanted.current = placeOf(target.key, target.level === 3 ? Math.min(column, kernels.length) : 0);
    virtualizer.scrollToIndex(to);
  };
  const act = ({ row, column }: Place) => {
    const target = rows[row];
    if (!target) return;
    if (target.level !== 3) onToggle(target.key);
    else {
      const box = column > 0 ? target.boxes[column - 1] : target.boxes.find((one) => one !== null);
      if (box) onOpen(box.target, target);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.metaKey) return;
    const { row } = here;
    const line = rows[row];
    const column = line?.level === 3 ? here.column : active.column;
    const head = line !== undefined && line.level !== 3;
    const keys: Record<string, () => void> = {
      ArrowDown: () => go(row + 1, column),
      ArrowUp: () => go(row - 1, column),
      PageDown: () => go(row + PAGE, column),
      PageUp: () => go(row - PAGE, column),
      Home: () => (event.ctrlKey ? go(0, 0) : go(row, 0)),
      End: () => (event.ctrlKey ? go(rows.length - 1, kernels.length) : go(row, kernels.length)),
      ArrowLeft: () => {
        if (head && line.expanded) onToggle(line.key);
        else if (head || column === 0) {
          let up = row - 1;
          while (up > 0 && rows[up]!.level >= (line?.level ?? 0)) --up;
          go(up, 0);
        } else go(row, column - 1);
      },
      ArrowRight: () => {
        if (head && !line.expanded) onToggle(line.key);
        else if (head) go(row + 1, 0);
        else go(row, Math.min(column + 1, kernels.length));
      },
      Enter: () => act(here),
      ' ': () => act(here),
    };
    const handler = keys[event.key];
    if (!handler) return;
    event.preventDefault();
    handler();
  };
  const onClick = (event: { target: EventTarget }) => {
    const element = (event.target as Element).closest<HTMLElement>('[data-place]');
    const place = places.get(element?.dataset['place'] ?? '');
    if (!place) return;
    setActive(place);
    element?.focus();
    act(place);
  };

  const above = first * ROW;
  const below = (rows.length - 1 - last) * ROW;
  return (
    <div className="scroller" ref={scroller}>
      <table role="treegrid" aria-label={label} aria-rowcount={rows.length + 1} aria-colcount={kernels.length + 1}
             onKeyDown={onKeyDown} onClick={onClick}>
        <thead>
          <tr role="row" aria-rowindex={1}>
            <th role="columnheader" scope="col" className="corner">kernel</th>
            {kernels.map((kernel) => (
              <th role="columnheader" scope="col" key={kernel.id}
                  title={visible([kernel.id, kernel.release, kernel.problem].filter((text) => text !== '').join(' · '))}>
                {visible(kernel.title)}{kernel.problem !== '' && <span className="bang"> !</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {above > 0 && <tr role="presentation" className="space" style={{ height: above }} />}
          {indexes.map((i) => {
            const row = rows[i]!;
            return row.level === 3 ? (
              <CellsRow key={row.key} row={row} index={i} open={open}
                        active={stop.row === i ? stop.column : -1} />
            ) : (
              <HeadRow key={row.key} row={row} index={i} columns={kernels.length} active={stop.row === i} />
            );
          })}
          {below > 0 && <tr role="presentation" className="space" style={{ height: below }} />}
        </tbody>
      </table>
    </div>
  );
});
