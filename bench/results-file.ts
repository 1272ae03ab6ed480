/** Results as files: written whole, read and checked. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { ROW_GROUPS, type Row } from '../src/measure/index.ts';
import type { BenchResults } from './results.ts';

/** A file of results that cannot be used; the message names it. */
export class ResultsFileError extends Error {
  override readonly name = 'ResultsFileError';
}

const FORMAT = 2;
const DIGITS = 5;

const METRIC = z.object({
  name: z.string(),
  unit: z.enum(['1/s', 'ms', 'µs', 'bytes', 'ratio', 'cores', 'count']),
  better: z.enum(['higher', 'lower']).optional(),
  value: z.number(),
  rounds: z.array(z.number()),
});

const ROW = z.object({
  id: z.string(),
  group: z.enum(ROW_GROUPS),
  subject: z.string(),
  title: z.string(),
  params: z.record(z.string(), z.union([z.number(), z.string()])),
  n: z.number(),
  metrics: z.array(METRIC),
  notes: z.array(z.string()),
});

const RESULTS = z.object({
  format: z.literal(FORMAT),
  startedAt: z.string(),
  durationSeconds: z.number(),
  machine: z.looseObject({ cpu: z.string(), cores: z.number(), commit: z.string(), hairspring: z.string() }),
  plan: z.looseObject({ quick: z.boolean(), rounds: z.number(), windowMs: z.number() }),
  rows: z.array(ROW),
  notes: z.array(z.string()),
});

/** @throws ResultsFileError when there is no such file, it is not JSON or not of this format */
export function readResults(file: string): BenchResults {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`;
    throw new ResultsFileError(`Reading the results "${file}": ${reason}; \`npm run bench\` writes one`);
  }
  return parseResults(text, file);
}

/** @throws ResultsFileError */
export function parseResults(text: string, file: string): BenchResults {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ResultsFileError(`Reading the results "${file}": this is not JSON: ${reason}`);
  }
  const format = z.looseObject({ format: z.unknown() }).safeParse(document).data?.format;
  if (format !== FORMAT)
    throw new ResultsFileError(
      `Reading the results "${file}": its format is ${JSON.stringify(format) ?? 'not stated'}, and this bench reads format ${FORMAT}; run \`npm run bench\` of today's commit again`,
    );
  const { success, error } = RESULTS.safeParse(document);
  if (!success) {
    const [issue] = error.issues;
    throw new ResultsFileError(
      `Reading the results "${file}": ${issue?.path.join('.')}: ${issue?.message}; the file is damaged or of another version`,
    );
  }
  return document as BenchResults;
}

/** One row to a line and five digits to a figure, so that files are small and differences can be read. */
export function renderResults({ rows, ...run }: BenchResults): string {
  const head = JSON.stringify(run, undefined, 2).replace(/\n\}$/, '');
  const lines = rows.map((row) => `    ${JSON.stringify(toFileRow(row))}`).join(',\n');
  return `${head},\n  "rows": [\n${lines}\n  ]\n}\n`;
}

/** JSON has no NaN: a figure that could not be taken is left out. */
function toFileRow(row: Row): Row {
  const metrics = row.metrics
    .filter(({ value, rounds }) => [value, ...rounds].every(Number.isFinite))
    .map((metric) => ({ ...metric, value: shorten(metric.value), rounds: metric.rounds.map(shorten) }));
  return { ...row, metrics };
}

const shorten = (value: number): number => Number(value.toPrecision(DIGITS));

export function writeText(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
