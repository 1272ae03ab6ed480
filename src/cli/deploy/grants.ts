import { compareGrants, type GrantChange, isWidening } from '../../host/index.ts';
import type { ControlConnection } from '../shell/connection.ts';
import type { Output } from '../shell/output.ts';
import { printable } from '../shell/printable.ts';
import { renderTable } from '../shell/table.ts';
import { describeGrant } from './describe.ts';
import type { PreparedFunction } from './prepare.ts';

/** One line of the difference to the live version; the JSON of `deploy --json`. */
export interface GrantLine {
  readonly label: string;
  readonly change: GrantChange['change'];
  readonly text: string;
}

/** What a deployment changes in what its function may reach. */
export interface GrantDifference {
  /** Empty when no version is live. */
  readonly liveVersion: string;
  /** Empty also for a function that is not live: there is nothing to compare. */
  readonly changes: readonly GrantLine[];
  /** Those that need approval. */
  readonly widening: readonly GrantLine[];
}

/** @throws HS_NO_NODE, HS_NATS_… */
export async function compareWithLive(
  { client }: ControlConnection,
  { manifest }: PreparedFunction,
): Promise<GrantDifference> {
  const live = await client.live(manifest.name);
  if (live === undefined) return { liveVersion: '', changes: [], widening: [] };
  const changes = compareGrants(live.bindings, manifest.start.bindings);
  return {
    liveVersion: live.version,
    changes: changes.map(toLine),
    widening: changes.filter(isWidening).map(toLine),
  };
}

function toLine(change: GrantChange): GrantLine {
  const { label, binding } = change;
  if (!('details' in change)) return { label, change: change.change, text: describeGrant(binding) };
  const subject = binding.service === 'kv' ? `kv ${binding.bucket}` : binding.service;
  const details = change.details.map(({ text }) => text).join('; ');
  return { label, change: change.change, text: `${subject}: ${details}` };
}

/** One line per change, for people: `+ CACHE  kv thumbs: access write (was read)`. */
export function renderGrants(lines: readonly GrantLine[], paint: Output['paint'], indent: string): string {
  const rows = lines.map(({ label, change, text }) => {
    const isWider = change === 'added' || change === 'widened';
    const mark = isWider ? paint.yellow('+') : paint.green('-');
    return [`${mark} ${printable(label)}`, change, printable(text)];
  });
  return renderTable(rows, indent);
}
