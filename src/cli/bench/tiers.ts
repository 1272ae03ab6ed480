/** The ways in which a function starts, in the order of the report. */
export const STARTS = [
  { subject: 'new-cell', title: 'new cell', budget: 'new-cell' },
  { subject: 'new-isolate', title: 'new isolate', budget: 'new-isolate' },
  { subject: 'pooled-isolate', title: 'pooled isolate', budget: 'cold' },
  { subject: 'evicted', title: 'evicted and back', budget: 'evicted' },
] as const;
export type Start = (typeof STARTS)[number];
/** Those that need a copy of the function for each start. */
export type ColdSubject = Exclude<Start['subject'], 'new-cell'>;

/** Requests that are kept under way, in turn. */
export const LEVELS = [1, 16, 64, 256, 1_024] as const;
/** Each request under way over HTTP has a connection of its own, of which a node takes 1,024. */
const MAX_HTTP_LEVEL = 256;

/** Those that are measured over a transport. */
export function levelsOver(transport: 'nats' | 'http'): readonly number[] {
  return transport === 'nats' ? LEVELS : LEVELS.filter((level) => level <= MAX_HTTP_LEVEL);
}

/** Fixed rates of arrivals, of the highest rate that was answered before. */
export const OPEN_PERCENTS = [25, 50, 75, 90, 100, 110] as const;

/** The rows of what a function holds in memory. */
export const WARM_MEMORY = 'warm-instance';
export const IDLE_MEMORY = 'idle-function';
