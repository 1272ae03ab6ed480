import { arch, cpus, platform, totalmem } from 'node:os';
import { HairspringError } from '../../core/index.ts';
import type { Row } from '../../measure/index.ts';
import { type PreparedFunction, prepareFunction, shownPath } from '../deploy/prepare.ts';
import { serverLost } from '../node/local-node.ts';
import type { CommandContext } from '../shell/command.ts';
import { createProgress } from '../shell/progress.ts';
import { readVersions } from '../shell/version.ts';
import { type BenchRun, openStage } from './bench-run.ts';
import { type Budget, judgeBudgets } from './budgets.ts';
import { deployHere } from './copies.ts';
import { type FoundFunction, findFunction } from './find-function.ts';
import { loadRows } from './load-rows.ts';
import { measureIdle } from './measure-idle.ts';
import { measureInside } from './measure-inside.ts';
import { measureLoad } from './measure-load.ts';
import { measureOpen } from './measure-open.ts';
import { measureStarts } from './measure-starts.ts';
import { noiseOf } from './noise.ts';
import { notesAfter, notesOn, notesOnReply } from './notes.ts';
import type { BenchPart } from './parts.ts';
import { planFor } from './plan.ts';
import { type RequestOptions, requestFor, whereOf } from './request.ts';
import type { BenchResult } from './result.ts';
import { secretValues, setSecrets } from './set-secrets.ts';
import { openSite } from './site.ts';
import { Strays } from './strays.ts';
import { tryOut } from './try-out.ts';

export interface BenchOptions {
  /** Path or name of the function. */
  readonly target: string;
  readonly request: RequestOptions;
  readonly durationMs: number | undefined;
  readonly quick: boolean;
  readonly parts: readonly BenchPart[];
  readonly budgets: readonly Budget[];
  /** Files with the values of secrets, by name. */
  readonly secretFiles: Readonly<Record<string, string>>;
  readonly natsServer: string | undefined;
}

/**
 * Measures a function on a node of its own, which is gone afterwards, also when `signal` ends it early.
 * @throws what is wrong with the function or the environment; the code of errors that it answers; the reason of `signal`
 */
export async function runBench(
  context: CommandContext,
  options: BenchOptions,
  signal: AbortSignal,
): Promise<BenchResult> {
  const startedMs = performance.now();
  const startedAt = new Date().toISOString();
  const found = await findFunction(options.target);
  const request = await requestFor(found, options.request);
  const prepared = await prepare(found);
  const needed = await Promise.all(found.needed.map(({ file }) => prepareFunction(file)));
  const all = [prepared, ...needed];
  const secrets = await secretValues(
    all.map(({ manifest }) => manifest),
    options.secretFiles,
  );
  const notes = [...notesOn(all, found, new Set(Object.keys(options.secretFiles)))];
  for (const note of notes) context.output.note(note);
  using progress = createProgress(context.output);
  progress.show('starting a node');
  await using site = await openSite(context, options.natsServer);
  const unlessOver = whileRunning(signal, site.server.exited);
  const planOptions = {
    ...options,
    limits: prepared.manifest.start.limits,
    transport: request.to.transport,
    payloadBytes: request.payload.length,
    artifactBytes: prepared.bundle?.bytes.length ?? 0,
  };
  const strays = new Strays();
  const run = {
    ...{ context, site, prepared, request, unlessOver, strays },
    plan: planFor({ ...planOptions, warmMs: 0 }),
    progress: (text: string) => progress.show(text),
  };
  const { parts } = options;
  const rows: Row[] = [];
  let tried = run;
  {
    await using stage = await openStage(run, {});
    await unlessOver(setSecrets(stage.connection, secrets));
    for (const each of [...needed, prepared])
      await unlessOver(deployHere(stage.connection, each, stage.host.nodeId));
    const { warmMs, to } = await unlessOver(tryOut(run, stage));
    tried = { ...run, request: { ...request, to }, plan: planFor({ ...planOptions, warmMs }) };
    notes.push(...notesOnReply(to));
    if (parts.includes('load')) {
      const load = await measureLoad(tried, stage);
      notes.push(...load.notes);
      const open = await measureOpen(tried, stage, load);
      const insideMs = await measureInside(tried, stage);
      rows.push(...loadRows(load.windows, insideMs, to.transport), ...open);
    }
  }
  const { plan } = tried;
  const starts = parts.includes('starts') ? await measureStarts(tried) : { rows: [], restingBytes: [] };
  const idle = parts.includes('idle') ? await measureIdle(tried, starts.restingBytes) : [];
  rows.unshift(...starts.rows, ...idle);
  notes.push(...notesAfter(plan, request.to.transport, rows));
  const { file, manifest } = prepared;
  return {
    name: manifest.name,
    file: shownPath(file),
    namespace: context.options.namespace,
    subject: whereOf(request.to) ?? manifest.name,
    payloadBytes: request.payload.length,
    startedAt,
    durationSeconds: (performance.now() - startedMs) / 1_000,
    machine: describeMachine(),
    versions: { ...readVersions(), natsServer: site.server.version },
    plan,
    noise: parts.includes('load') ? noiseOf(rows) : null,
    strays: strays.list(),
    rows,
    budgets: judgeBudgets(options.budgets, rows),
    notes,
  };
}

async function prepare(found: FoundFunction): Promise<PreparedFunction> {
  const prepared = await prepareFunction(found.file);
  const { source } = prepared.manifest.start;
  if (source.kind === 'main') return prepared;
  throw new HairspringError(
    'HS_SOURCE_MISSING',
    `Cannot measure "${prepared.manifest.name}": its code is at ${source.uri}, which a node of its own does not have`,
    { hint: 'Measure it where its sources are, with start_request.main in the Nexfile' },
  );
}

/** Rejects with the reason of `signal`, or when the server ends, before `work` is done. */
function whileRunning(signal: AbortSignal, exited: Promise<unknown>): BenchRun['unlessOver'] {
  const over = Promise.withResolvers<never>();
  over.promise.catch(() => undefined);
  signal.addEventListener('abort', () => over.reject(signal.reason as Error), { once: true });
  if (signal.aborted) over.reject(signal.reason as Error);
  void exited.then(() => over.reject(serverLost()));
  return (work) => Promise.race([work, over.promise]);
}

function describeMachine(): BenchResult['machine'] {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    platform: `${platform()}-${arch()}`,
  };
}
