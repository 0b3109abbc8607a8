// What is shown: view, filters, search.
import { Button } from '@ariakit/react/button';
import { Checkbox } from '@ariakit/react/checkbox';
import { Radio, RadioGroup, RadioProvider } from '@ariakit/react/radio';
import {
  Select, SelectItem, SelectItemCheck, SelectLabel, SelectPopover, SelectProvider,
} from '@ariakit/react/select';
import type { Ref } from 'react';
import type { Run } from './data';
import { LISTS, type Filter, type View } from './state';
import { visible } from './log';

function Choice({ label, values, chosen, setChosen }: {
  label: string; values: string[]; chosen: string[]; setChosen: (values: string[]) => void;
}) {
  const text = chosen.length === 0 ? 'all' : chosen.length === 1 ? chosen[0]! : `${chosen.length} of ${values.length}`;
  return (
    <SelectProvider value={chosen} setValue={setChosen}>
      <div className="choice">
        <SelectLabel className="label">{label}</SelectLabel>
        <Select className={`button${chosen.length > 0 ? ' set' : ''}`}>
          {visible(text)} <span aria-hidden="true">▾</span>
        </Select>
        <SelectPopover gutter={4} className="popover" portal={false} unmountOnHide>
          {values.map((value) => (
            <SelectItem key={value} value={value} className="item">
              <SelectItemCheck className="check" /> {visible(value)}
            </SelectItem>
          ))}
        </SelectPopover>
      </div>
    </SelectProvider>
  );
}

interface Props {
  run: Run;
  filter: Filter;
  change: (part: Partial<Filter>) => void;
  search: Ref<HTMLInputElement>;
  dark: boolean;
  setDark: (dark: boolean) => void;
  onCollapse: () => void;
  onExpand: () => void;
}

export function Toolbar({ run, filter, change, search, dark, setDark, onCollapse, onExpand }: Props) {
  const { data } = run;
  const statuses = [...new Set(data.looks.map((look) => look[4]))].sort();
  const filtered = filter.query !== '' || LISTS.some((list) => filter[list].length > 0);
  const views: [View, string][] = [['program', 'programs'], ['loader', 'loaders']];
  if (data.laws.length > 0) views.push(['law', 'laws']);
  return (
    <div className="toolbar" role="search" aria-label="What is shown">
      <div className="choice grow">
        <label className="label" htmlFor="search">search <kbd>/</kbd></label>
        <input id="search" type="search" ref={search} value={filter.query} autoComplete="off" spellCheck={false}
               placeholder="EINVAL level 8 libbpf-1" onChange={(event) => change({ query: event.target.value })} />
      </div>
      {filter.view !== 'law' && (
        <label className="view">
          <Checkbox checked={filter.logs} onChange={(event) => change({ logs: event.target.checked })} /> in logs too
        </label>
      )}
      {filter.view !== 'law' && (
        <Choice label="status" values={statuses} chosen={filter.status} setChosen={(status) => change({ status })} />
      )}
      <Choice label="kernel" values={data.kernels.map((one) => one.id)} chosen={filter.kernel}
              setChosen={(kernel) => change({ kernel })} />
      <Choice label="loader" values={data.loaders.map((one) => one.id)} chosen={filter.loader}
              setChosen={(loader) => change({ loader })} />
      <Choice label="program" values={data.programs.map((one) => one.id)} chosen={filter.program}
              setChosen={(program) => change({ program })} />
      <RadioProvider value={filter.view} setValue={(view) => change({ view: view as View })}>
        <RadioGroup className="views" aria-label="Rows by">
          {views.map(([value, label]) => (
            <label key={value} className="view"><Radio value={value} /> {label}</label>
          ))}
        </RadioGroup>
      </RadioProvider>
      {filter.view !== 'loader' && (
        <label className="view">
          <Checkbox checked={filter.join} onChange={(event) => change({ join: event.target.checked })} /> join loaders
          that are alike
        </label>
      )}
      <div className="buttons">
        {filtered && (
          <Button className="button"
                  onClick={() => change({ query: '', status: [], kernel: [], loader: [], program: [] })}>
            Clear filters
          </Button>
        )}
        <Button className="button" onClick={onCollapse}>Collapse all</Button>
        <Button className="button" onClick={onExpand}>Expand all</Button>
        <Button className="button" aria-pressed={dark} onClick={() => setDark(!dark)}>Dark</Button>
      </div>
    </div>
  );
}
