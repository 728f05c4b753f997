// SPDX-License-Identifier: Apache-2.0
// Stacked bars over time. uPlot draws on a canvas, so each chart also has a name and its
// figures as a table.

import { useEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';

// Half of the page's code, and the landing view has no chart: fetched when one is shown.
const library = () => import('./uplot').then((module) => module.default);

export interface Layer {
  name: string;
  /** One for each label; for the place of marks only. */
  values: number[];
  /** The values in words. */
  texts: string[];
  /** "input", if it has a colour of its own; else that of its place. */
  colour?: string;
}

export const COLOURS = 8;
const colourOf = (layers: Layer[], i: number): string => layers[i]?.colour ?? `layer-${i % COLOURS}`;
const HEIGHT = 240;

/** What a variable of the style is now, for the canvas: that takes no light-dark(). */
function colour(name: string): string {
  const probe = document.body.appendChild(document.createElement('span'));
  probe.style.color = `var(${name})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Layers added up from the bottom: the last is the total. */
function stack(layers: Layer[]): number[][] {
  const sums: number[][] = [];
  layers.forEach((layer, i) => {
    sums.push(layer.values.map((value, at) => value + (sums[i - 1]?.[at] ?? 0)));
  });
  return sums;
}

function options(Plot: typeof uPlot, width: number, labels: string[], layers: Layer[], unit: (n: number) => string): uPlot.Options {
  const axis = { stroke: colour('--dim'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false, range: [-0.5, labels.length - 0.5] }, y: { range: (_, __, max) => [0, max * 1.05 || 1] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 70,
        values: (_, splits) => splits.map((at) => (Number.isInteger(at) ? labels[at] ?? '' : '')),
      },
      { ...axis, size: 70, values: (_, splits) => splits.map(unit) },
    ],
    // Layers are drawn from the top of the stack down, each covering what is below it.
    series: [
      {},
      ...layers.map((_, i) => ({
        fill: colour(`--${colourOf(layers, layers.length - 1 - i)}`),
        width: 0,
        points: { show: false },
        paths: Plot.paths.bars?.({ size: [0.8, 60] }),
      })),
    ],
  };
}

interface ChartProps {
  title: string;
  labels: string[];
  layers: Layer[];
  unit: (value: number) => string;
  isPending?: boolean;
  /** Said instead if there are no layers. */
  nothing: string;
}

/** A chart, or why there is none. */
export function Chart(props: ChartProps) {
  return props.layers.length > 0 ? <Drawn {...props} /> : (
    <figure class="chart"><figcaption><h2>{props.title}</h2></figcaption><p class="dim">{props.nothing}</p></figure>
  );
}

function Drawn(props: ChartProps) {
  const { labels, layers } = props;
  const place = useRef<HTMLDivElement>(null);
  const [Plot, setPlot] = useState<typeof uPlot>();
  const [open, setOpen] = useState(false);
  useEffect(() => void library().then((loaded) => setPlot(() => loaded)), []);
  useEffect(() => {
    const target = place.current;
    if (target === null || Plot === undefined) {
      return;
    }
    let plot: uPlot | undefined;
    const draw = () => {
      plot?.destroy();
      const data = [labels.map((_, at) => at), ...stack(layers).reverse()] as uPlot.AlignedData;
      plot = new Plot(options(Plot, target.clientWidth, labels, layers, props.unit), data, target);
    };
    // A task of its own for each chart: two in one would hold up a click.
    const first = setTimeout(draw);
    const resized = new ResizeObserver(() => plot?.setSize({ width: target.clientWidth, height: HEIGHT }));
    resized.observe(target);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', draw);
    addEventListener('themechange', draw);
    return () => {
      clearTimeout(first);
      plot?.destroy();
      resized.disconnect();
      dark.removeEventListener('change', draw);
      removeEventListener('themechange', draw);
    };
  }, [Plot, JSON.stringify(labels), JSON.stringify(layers.map((layer) => [layer.name, layer.values]))]);
  return (
    <figure class="chart" aria-busy={props.isPending === true}>
      <figcaption>
        <h2>{props.title}</h2>
        <ul class="legend">
          {layers.map((layer, i) => (
            <li key={layer.name}><span class={`swatch ${colourOf(layers, i)}`} />{layer.name}</li>
          ))}
        </ul>
      </figcaption>
      <div ref={place} class="canvas" role="img" aria-label={`${props.title}; the figures are in the table below`} />
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>Figures</summary>
        {open && <div class="scroll" tabIndex={0} role="region" aria-label={`${props.title}, figures`}>
          <table>
            <thead>
              <tr><th scope="col" class="text">from</th>{layers.map((layer) => <th key={layer.name} scope="col">{layer.name}</th>)}</tr>
            </thead>
            <tbody>
              {labels.map((label, at) => (
                <tr key={label}>
                  <th scope="row" class="text">{label}</th>
                  {layers.map((layer) => <td key={layer.name}>{layer.texts[at]}</td>)}
                </tr>
              ))}
            </tbody>
          </table>
        </div>}
      </details>
    </figure>
  );
}
