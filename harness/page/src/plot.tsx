// Lines over the runs of a matrix: a canvas, what it says at the run under the pointer, and its numbers
// as a table.
import { Disclosure, DisclosureContent, DisclosureProvider } from '@ariakit/react';
import { useLayoutEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { visible } from './log';
import type { Line } from './site_data';

const LIGHT = ['#0a58ca', '#b3261e', '#1a6b37', '#8a4f00', '#6f42c1', '#0b7285', '#a61e5c', '#495057'];
const DARK = ['#7fb2ff', '#ff8a80', '#7ddb98', '#f2b866', '#c3a6ff', '#66d9e8', '#ff9ecf', '#c0c8d0'];
const DASHES: [number[], 'solid' | 'dashed' | 'dotted'][] = [[[], 'solid'], [[7, 4], 'dashed'], [[2, 3], 'dotted']];
const HEIGHT = 220;

const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 2 });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 3 });
const say = (value: number | null | undefined) => (value === null || value === undefined ? '–' : whole.format(value));

const colorOf = (i: number, dark: boolean) => (dark ? DARK : LIGHT)[i % LIGHT.length]!;
const dashOf = (i: number) => DASHES[Math.floor(i / LIGHT.length) % DASHES.length]!;

export interface PlotProps {
  title: string;
  lines: Line[];
  labels: string[]; // of the runs, oldest first
  dark: boolean;
  from_zero?: boolean;
}

function options(props: PlotProps, width: number, onCursor: (at: number | null) => void): uPlot.Options {
  const { lines, labels, dark, from_zero } = props;
  const grid = { stroke: dark ? '#39424b' : '#d1d9e0', width: 1 };
  const axis = { stroke: dark ? '#a0a9b2' : '#59636e', grid, ticks: grid, font: '12px system-ui, sans-serif' };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, y: false },
    scales: {
      x: { time: false, range: [-0.5, Math.max(labels.length - 0.5, 0.5)] },
      // A line that is level stays visible, and so does a count of nothing.
      y: {
        range: (_, low, high) =>
          from_zero || low === high ? [0, (high || 1) * 1.1] : uPlot.rangeNum(low, high, 0.1, true),
      },
    },
    axes: [
      { ...axis, incrs: [1, 2, 5, 10, 20, 50, 100], space: 80, values: (_, at) => at.map((i) => labels[i] ?? '') },
      { ...axis, size: 64, values: (_, at) => at.map((value) => short.format(value)) },
    ],
    series: [
      {},
      ...lines.map((line, i) => ({
        label: line.name,
        stroke: colorOf(i, dark),
        width: 2,
        dash: dashOf(i)[0],
        points: { show: true, size: 5, fill: colorOf(i, dark) },
      })),
    ],
    hooks: { setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)] },
  };
}

export function Plot(props: PlotProps) {
  const { title, lines, labels, dark } = props;
  const host = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<number | null>(null);
  useLayoutEffect(() => {
    const element = host.current!;
    const data: uPlot.AlignedData = [labels.map((_, i) => i), ...lines.map((line) => line.values)];
    const plot = new uPlot(options(props, element.clientWidth || 400, setAt), data, element);
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) plot.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
    // The rest of the props says the same in other words.
  }, [lines, labels, dark]);
  const shown = at ?? labels.length - 1;
  return (
    <figure className="plot">
      <figcaption>{title}</figcaption>
      <div ref={host} className="canvas" role="img"
           aria-label={`${title}: ${lines.length} lines over ${labels.length} runs; the numbers are in the table below it`} />
      <p className="shown">{labels[shown] ?? ''}</p>
      <ul className="lines">
        {lines.map((line, i) => (
          <li key={line.name}>
            <span className="swatch" style={{ borderTopColor: colorOf(i, dark), borderTopStyle: dashOf(i)[1] }} />
            {visible(line.name)} <b>{say(line.values[shown])}</b>
          </li>
        ))}
      </ul>
      <DisclosureProvider>
        <Disclosure className="button numbers">Numbers</Disclosure>
        <DisclosureContent className="numbertable" tabIndex={0} role="region" aria-label={`Numbers: ${title}`}>
          <table className="list">
            <thead>
              <tr>
                <th scope="col">run</th>
                {lines.map((line) => <th scope="col" key={line.name}>{visible(line.name)}</th>)}
              </tr>
            </thead>
            <tbody>
              {labels.map((label, i) => (
                <tr key={i}>
                  <th scope="row">{label}</th>
                  {lines.map((line) => <td key={line.name}>{say(line.values[i])}</td>)}
                </tr>
              ))}
            </tbody>
          </table>
        </DisclosureContent>
      </DisclosureProvider>
    </figure>
  );
}
