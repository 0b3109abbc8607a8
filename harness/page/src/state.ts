// What is shown, as it stands in the address behind the `#`: a link opens the page as it was.
import { useCallback, useEffect, useState } from 'react';

export type View = 'program' | 'loader' | 'law';
export interface Filter {
  view: View;
  join: boolean; // loaders that are alike share a row
  query: string;
  logs: boolean; // the search goes through logs as well
  status: string[]; // empty: all; likewise the next
  kernel: string[];
  loader: string[];
  program: string[];
  open: string; // id of the open cell, "law:ID/KERNEL/LOADER", or empty
}
export const LISTS = ['status', 'kernel', 'loader', 'program'] as const;

export function readFragment(fragment: string): Filter {
  const given = new URLSearchParams(fragment.replace(/^#/, ''));
  const view = given.get('view');
  return {
    view: view === 'loader' || view === 'law' ? view : 'program',
    join: given.get('join') !== '0',
    query: given.get('q') ?? '',
    logs: given.get('logs') === '1',
    status: given.getAll('status'),
    kernel: given.getAll('kernel'),
    loader: given.getAll('loader'),
    program: given.getAll('program'),
    open: given.get('cell') ?? '',
  };
}

export function writeFragment(filter: Filter): string {
  const out = new URLSearchParams();
  if (filter.view !== 'program') out.set('view', filter.view);
  if (!filter.join) out.set('join', '0');
  if (filter.query !== '') out.set('q', filter.query);
  if (filter.logs) out.set('logs', '1');
  for (const list of LISTS) for (const value of filter[list]) out.append(list, value);
  if (filter.open !== '') out.set('cell', filter.open);
  return out.toString();
}

export function useFragment(): [Filter, (change: Partial<Filter>) => void] {
  const [filter, setFilter] = useState(() => readFragment(location.hash));
  useEffect(() => {
    const follow = () => setFilter(readFragment(location.hash));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  const change = useCallback(
    (part: Partial<Filter>) => setFilter((before) => ({ ...before, ...part })),
    [],
  );
  useEffect(() => {
    const fragment = writeFragment(filter);
    // Replaced, not added: the way back leads out of the page, not through every letter typed.
    if (fragment !== location.hash.replace(/^#/, ''))
      history.replaceState(null, '', fragment === '' ? location.pathname + location.search : `#${fragment}`);
  }, [filter]);
  return [filter, change];
}
