import { type Command, InvalidArgumentError } from 'commander';
import { HairspringError, parseWait } from '../../core/index.ts';
import { listBudgets } from '../bench/budget-figures.ts';
import type { Budget } from '../bench/budgets.ts';
import { addHeader, type Headers, joinHeaders } from '../shell/add-header.ts';
import { type CommandContext, defineCommand, runs, type Shell } from '../shell/command.ts';
import { EXIT, type ExitCode, exitCodeOf } from '../shell/exit-codes.ts';
import { countOf } from '../shell/format.ts';
import { createInterrupt } from '../shell/interrupt.ts';
import { toErrorDocument } from '../shell/output.ts';

interface BenchFlags {
  readonly payload?: string;
  readonly payloadFile?: string;
  readonly subject?: string;
  readonly method?: string;
  readonly path?: string;
  readonly header?: Headers;
  readonly secret?: Readonly<Record<string, string>>;
  readonly duration?: number;
  readonly quick?: true;
  readonly only?: string;
  readonly budget?: readonly string[];
  readonly natsServer?: string;
}

/** Lines of at most 80 columns, as commander does not wrap them. */
const BUDGET_HELP = [
  'METRIC=VALUE: times as 15ms or 40us, rates as 10000/s, ratios as 0.5, memory',
  'as 4MB. cold is a start with a pooled isolate; warm has latency at 1 in',
  'flight, and the rest at the most; node- is what the node says; open50 is half',
  'of the most at a fixed rate. A missed budget ends with exit code 6.',
  ...listBudgets(),
]
  .map((line) => `  ${line}`)
  .join('\n');

/** `bench`: what a function costs, cold and warm. */
export function addBench(program: Command, shell: Shell): void {
  defineCommand(program, {
    usage: 'bench <function>',
    summary: 'Measure how fast a function starts and answers, and keep budgets in CI',
    details:
      'FUNCTION is a Nexfile, a folder with one, or the name of a function in or below the working folder. ' +
      'Starts a node and a nats-server of its own, deploys the function with those that it calls, and measures ' +
      'starts (new cell, new isolate, pooled isolate, evicted and back), load at 1 to 1,024 requests in flight ' +
      'beside a bare responder, CPU per request, latency at fixed rates up to the knee, and the memory of a warm ' +
      'instance and of an idle function. Then all of it is gone. --only measures load, starts (with ' +
      'the memory of a warm instance) or idle (that of idle functions).\n\n' +
      'Without --payload and --subject the first fitting sample of samples.json is sent, else nothing on a ' +
      'subject made up of the names of the captures. Buckets are empty, secrets have a placeholder. ' +
      'A function that has HTTP triggers only, or any with --method or --path, is asked by HTTP: the payload is ' +
      'the body, and the rest is taken from its first trigger that fits, captures filled in with their names.\n\n' +
      'An error ends the run with its code, but those that a busy machine explains: HS_FUNCTION_CPU, ' +
      'HS_FUNCTION_STARVED, HS_FUNCTION_TIMEOUT and HS_FUNCTION_OVERLOADED are counted and shown as strays, up to ' +
      '1 % of the requests of a window or a pass, or one of a few. A window with more of the first two is taken ' +
      'again, once; with more of the others it is left out.',
    examples: [
      'bench hello',
      `bench hello --subject greet.fr.ada --payload '{"name":"Ada"}'`,
      'bench albums --method PUT --path /albums/blue --payload \'{"title":"Blue"}\'',
      'bench hello --quick --json',
      'bench hello --budget cold.p95=15ms --budget warm.rate=2000/s',
    ],
  })
    .option('--payload <text>', 'payload of each request')
    .option('--payload-file <path>', 'file with the payload of each request')
    .option('--subject <subject>', 'subject of the requests, for a trigger with wildcards')
    .option('--method <method>', 'method of HTTP requests, for a trigger with several')
    .option('--path <path>', 'path and query of HTTP requests, for a trigger with captures')
    .option('--header <name:value>', 'header to send; may be repeated', addHeader)
    .option('--secret <name=file>', 'file with the value of a secret; may be repeated', addSecret)
    .option(
      '--duration <duration>',
      'how long to measure, about (by default 1m, 20s with --quick)',
      parseWait,
    )
    .option('--quick', 'fewer rounds and starts')
    .option('--only <parts>', 'measure load, starts or idle only; several with commas')
    .option('--budget <metric=value>', 'fail when the figure is worse; may be repeated', collect)
    .option('--nats-server <path>', 'nats-server to start (by default one is found, or fetched once)')
    .addHelpText('after', () => `\nBudgets:\n${BUDGET_HELP}`)
    .action(runs(shell, bench));
}

async function bench(
  context: CommandContext,
  target: string,
  flags: BenchFlags,
): Promise<ExitCode | undefined> {
  const { output } = context;
  const { parseBudget } = await import('../bench/budgets.ts');
  const budgets = (flags.budget ?? []).map((text): Budget => parseBudget(text));
  checkFlags(context, flags);
  const { BENCH_PARTS, checkBudgets, parseParts } = await import('../bench/parts.ts');
  const parts = flags.only === undefined ? BENCH_PARTS : parseParts(flags.only);
  checkBudgets(budgets, parts);
  const { checkDuration } = await import('../bench/plan.ts');
  if (flags.duration !== undefined) checkDuration(flags.duration);
  const { runBench } = await import('../bench/run-bench.ts');
  const { renderResult } = await import('../bench/render.ts');
  using interrupt = createInterrupt();
  const stop = new AbortController();
  interrupt.arm();
  void interrupt.requested.then(() => stop.abort());
  try {
    const result = await runBench(
      context,
      {
        target,
        request: { ...flags, header: joinHeaders(flags.header ?? {}) },
        durationMs: flags.duration,
        quick: flags.quick === true,
        parts,
        budgets,
        secretFiles: flags.secret ?? {},
        natsServer: flags.natsServer,
      },
      stop.signal,
    );
    const missed = result.budgets.filter(({ kept }) => !kept);
    if (missed.length === 0) {
      output.result(result, () => renderResult(result, output.paint));
      return undefined;
    }
    const error = budgetsMissed(result.name, missed, result.budgets.length, result.noise?.isNoisy === true);
    output.result({ ...result, ...toErrorDocument(error) }, () => renderResult(result, output.paint));
    if (!output.json) output.error(error);
    return exitCodeOf(error.code);
  } catch (error) {
    if (stop.signal.aborted) return EXIT.interrupted;
    throw error;
  }
}

function budgetsMissed(
  name: string,
  missed: readonly { readonly metric: string }[],
  count: number,
  isNoisy: boolean,
): HairspringError {
  const list = missed.map(({ metric }) => metric).join(', ');
  return new HairspringError(
    'HS_BUDGET_MISSED',
    `"${name}" misses ${missed.length} of ${countOf(count, 'budget')}: ${list}`,
    isNoisy ? { hint: 'The machine was noisy: measure again, for longer, with nothing beside it' } : {},
  );
}

function checkFlags({ options }: CommandContext, { payload, payloadFile }: BenchFlags): void {
  if (payload !== undefined && payloadFile !== undefined)
    throw new HairspringError('HS_USAGE', 'Cannot send --payload and --payload-file at once', {
      hint: 'Leave out one of the two',
    });
  const joined = options.server ?? options.context;
  if (joined === undefined) return;
  throw new HairspringError('HS_USAGE', `Cannot measure on "${joined}"`, {
    hint: 'bench starts a server of its own, so that nothing of yours is loaded; leave out --server and --context',
  });
}

function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

function addSecret(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [, name, file] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (name === undefined || file === undefined) throw new InvalidArgumentError('Write it like name=file.');
  return { ...before, [name]: file };
}
