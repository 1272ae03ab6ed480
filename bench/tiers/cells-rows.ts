import { type LoadWindow, makeMetric, makeRow, type Row } from '../../src/measure/index.ts';
import { windowMetrics, windowNotes } from './load-rows.ts';

/** Requests that are kept under way, over all cells of a host together. */
export const CELL_LOADS = [1, 64] as const;
export type CellLoad = (typeof CELL_LOADS)[number];

/** Of a host that was started with some namespaces, before they are asked more than once. */
export interface CellsStart {
  /** Until each has given its first reply. */
  readonly upMs: number;
  readonly processes: number;
  /** Of host and all cells, spares included. */
  readonly rssBytes: number;
  readonly hostRssBytes: number;
  /** Of one that serves, on average. */
  readonly cellRssBytes: number;
}

export interface CellsWindow extends LoadWindow {
  readonly inFlight: CellLoad;
}

const LOAD_TITLES: Readonly<Record<CellLoad, string>> = {
  1: 'one in flight, to each in turn',
  64: '64 in flight, spread over all',
};

/** A row for the start, and one for each load. */
export function cellsRows(cells: number, start: CellsStart, windows: readonly CellsWindow[]): readonly Row[] {
  const title = cells === 1 ? '1 namespace' : `${cells} namespaces`;
  const { upMs, processes, rssBytes, hostRssBytes, cellRssBytes } = start;
  const started = makeRow({
    group: 'cells',
    subject: 'started',
    title: `${title}, started`,
    params: { cells },
    n: 1,
    metrics: [
      makeMetric('processes', 'count', undefined, [processes]),
      makeMetric('upMs', 'ms', 'lower', [upMs]),
      makeMetric('rssBytes', 'bytes', 'lower', [rssBytes]),
      makeMetric('hostRssBytes', 'bytes', 'lower', [hostRssBytes]),
      makeMetric('cellRssBytes', 'bytes', 'lower', [cellRssBytes]),
    ],
  });
  const loads = CELL_LOADS.map((inFlight) => {
    const own = windows.filter((window) => window.inFlight === inFlight);
    const answered = own.filter(({ requests }) => requests > 0);
    return makeRow({
      group: 'cells',
      subject: 'echo-function',
      title: `${title}, ${LOAD_TITLES[inFlight]}`,
      params: { cells, inFlight },
      n: own.reduce((sum, { requests }) => sum + requests, 0),
      metrics: answered.length === 0 ? [] : windowMetrics(answered),
      notes: windowNotes(own),
    });
  });
  return [started, ...loads];
}
