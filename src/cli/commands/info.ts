import type { Command } from 'commander';
import type { FunctionInfo } from '../../control/index.ts';
import { COLD_REASONS, type FunctionStats, formatBytes, formatDuration } from '../../core/index.ts';
import { describeBinding, describeTrigger } from '../deploy/describe.ts';
import { type CommandContext, defineCommand, runs, type Shell } from '../shell/command.ts';
import type { ExitCode } from '../shell/exit-codes.ts';
import { formatElapsed } from '../shell/format.ts';
import type { Output } from '../shell/output.ts';
import { printable } from '../shell/printable.ts';
import { renderTable } from '../shell/table.ts';

/** `info`: one function in full. */
export function addInfo(program: Command, shell: Shell): void {
  defineCommand(program, {
    usage: 'info <name>',
    summary: 'Show one function: triggers, bindings, limits, counters',
    details: 'NAME is the name or the id of a function.',
    examples: ['info hello', 'info hello --json'],
  }).action(runs(shell, info));
}

async function info({ output, connect }: CommandContext, name: string): Promise<ExitCode | undefined> {
  await using connection = await connect();
  const found = await connection.client.info(name);
  output.result(found, () => renderInfo(found, output.paint));
  return undefined;
}

function renderInfo(info: FunctionInfo, paint: Output['paint']): string {
  const { definition, stats, nodeId } = info;
  const { limits } = definition;
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', paint.dim(title), ...lines.map((line) => `  ${printable(line)}`)];
  const bindings = Object.entries(definition.bindings).map(([label, binding]) =>
    describeBinding(label, binding),
  );
  const facts = [
    ['id', definition.id],
    ['namespace', definition.namespace],
    ['version', definition.version],
    ['deployed', definition.deployedAt],
    ['artifact', `${formatBytes(definition.artifact.bytes)}, sha256 ${definition.artifact.digest}`],
    ['node', nodeId],
    ['state', describeState(info)],
  ];
  return [
    `${paint.bold(definition.name)}  ${printable(definition.description)}`.trimEnd(),
    renderTable(facts.map(([key = '', value = '']) => [paint.dim(key), printable(value)])),
    ...section('triggers', definition.triggers.map(describeTrigger)),
    ...section('bindings', bindings),
    ...section(
      'environment',
      Object.entries(definition.environment).map(([key, value]) => `${key}=${value}`),
    ),
    ...section(
      'tags',
      Object.entries(definition.tags).map(([key, value]) => `${key}=${value}`),
    ),
    ...section('limits', [
      `timeout ${formatDuration(limits.timeoutMs)}, cpu ${formatDuration(limits.cpuMs)}, memory ${formatBytes(limits.memoryBytes)}`,
      `concurrency ${limits.concurrency}, queue ${limits.queue}, payload ${formatBytes(limits.payloadBytes)}, minWarm ${limits.minWarm}`,
    ]),
    ...section('counters of this node', [
      `${stats.invocations} invocations, ${stats.errors} errors, ${describeColdStarts(stats)}`,
      `${stats.inFlight} in flight, ${stats.queued} queued, last cold start ${formatElapsed(stats.lastColdMs)}`,
    ]),
  ].join('\n');
}

/** `3 cold starts (first 1, evicted 2)`, with what was made ahead. */
function describeColdStarts({ coldStarts, coldReasons, prewarmed }: FunctionStats): string {
  const reasons = COLD_REASONS.filter((reason) => coldReasons[reason] > 0);
  const detail = reasons.map((reason) => `${reason} ${coldReasons[reason]}`).join(', ');
  const ahead = prewarmed === 0 ? '' : `, ${prewarmed} made ahead`;
  return `${coldStarts} cold starts${detail === '' ? '' : ` (${detail})`}${ahead}`;
}

function describeState(info: FunctionInfo): string {
  const { stats, suspended, quarantined, waiting, waitingCode, waitingRemedy } = info;
  if (waiting !== undefined) {
    const error = waitingCode === undefined ? waiting : `${waitingCode}: ${waiting}`;
    return `waiting: ${error}${waitingRemedy === undefined ? '' : ` (${waitingRemedy})`}`;
  }
  if (suspended !== undefined) return `suspended: ${suspended}`;
  const state = stats.state === 'warm' ? `warm, ${formatBytes(stats.heapBytes)} heap` : stats.state;
  return quarantined === undefined ? state : `${state}, in a cell of its own: ${quarantined}`;
}
