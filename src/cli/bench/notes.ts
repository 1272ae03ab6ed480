import type { Row } from '../../measure/index.ts';
import type { PreparedFunction } from '../deploy/prepare.ts';
import type { BenchRequest } from './bench-run.ts';
import type { FoundFunction } from './find-function.ts';
import type { BenchPlan } from './plan.ts';
import { levelsOver } from './tiers.ts';

/** What people must know before the figures come. */
export function notesOn(
  all: readonly PreparedFunction[],
  { missing }: FoundFunction,
  withValue: ReadonlySet<string>,
): readonly string[] {
  const bindings = all.flatMap(({ manifest }) => Object.values(manifest.start.bindings));
  const urls = bindings.flatMap((binding) => (binding.service === 'http' ? binding.urls : []));
  const secrets = new Set(
    bindings.flatMap((binding) => (binding.service === 'secret' ? [binding.secret] : [])),
  );
  const placeholders = [...secrets].filter((name) => !withValue.has(name));
  const isKeptWarm = (all[0]?.manifest.start.limits.minWarm ?? 0) > 0;
  return [
    ...(urls.length === 0 ? [] : [`HTTP requests are sent for real, to ${[...new Set(urls)].join(', ')}`]),
    ...(placeholders.length === 0
      ? []
      : [`secrets without a value from --secret have a placeholder: ${placeholders.join(', ')}`]),
    ...(missing.length === 0 ? [] : [`functions that it may call are not beside it: ${missing.join(', ')}`]),
    ...(isKeptWarm ? ['limits.minWarm does not count for the starts, which would have none to measure'] : []),
  ];
}

/** A reply below 400 needs no word. */
export function notesOnReply(to: BenchRequest['to']): readonly string[] {
  if (to.transport === 'nats' || to.status < 400) return [];
  return [`the function answers ${to.method} ${to.path} with ${to.status}, and that is what is measured`];
}

export function notesAfter(
  { levels, parts }: Pick<BenchPlan, 'levels' | 'parts'>,
  transport: BenchRequest['to']['transport'],
  rows: readonly Row[],
): readonly string[] {
  const all = parts.includes('load') ? levelsOver(transport) : [];
  const left = all.filter((level) => !levels.includes(level));
  const skipped =
    left.length === 0
      ? []
      : [
          `not measured at ${left.join(', ')} in flight: limits.concurrency and limits.queue refuse so many, or so many bytes`,
        ];
  return [...skipped, ...new Set(rows.flatMap(({ notes }) => notes))];
}
