import type { Command } from 'commander';
import { HairspringError } from '../../core/index.ts';
import type { DeployPlan } from '../deploy/approve.ts';
import type { DeployedFunction } from '../deploy/deploy-function.ts';
import type { PreparedFunction } from '../deploy/prepare.ts';
import { twinsRefused } from '../deploy/twins.ts';
import { type CommandContext, defineCommand, runs, type Shell } from '../shell/command.ts';
import { type ExitCode, exitCodeOf } from '../shell/exit-codes.ts';
import { countOf, formatElapsed } from '../shell/format.ts';
import { toErrorDocument } from '../shell/output.ts';

interface DeployFlags {
  readonly approve?: true;
  readonly dryRun?: true;
  readonly node?: string;
}

interface FailedFunction {
  readonly file: string;
  readonly error: HairspringError;
}

interface Outcome {
  readonly deployed: readonly DeployedFunction[];
  readonly failed: readonly FailedFunction[];
}

/** `deploy`: bundles functions and deploys them to a node. */
export function addDeploy(program: Command, shell: Shell): void {
  defineCommand(program, {
    usage: 'deploy [path]',
    summary: 'Bundle a function and deploy it idle',
    details:
      'PATH is a Nexfile, a folder with one, or a folder of such folders (the working folder by default). ' +
      'All of them are read and bundled first; when one is refused, none is deployed. ' +
      'Their bindings are compared with those of the live versions. What lets a function reach more than ' +
      'before needs --approve, or a yes on a terminal; the first version of a function needs neither.',
    examples: [
      'deploy',
      'deploy examples --namespace staging',
      'deploy hello --approve',
      'deploy hello --dry-run',
    ],
  })
    .option('--approve', 'deploy also what may reach more than the live version')
    .option('--dry-run', 'read, bundle and compare with what is live, and deploy nothing')
    .option('--node <id>', 'deploy to this node and no other')
    .action(runs(shell, deploy));
}

async function deploy(
  context: CommandContext,
  path: string | undefined,
  flags: DeployFlags,
): Promise<ExitCode | undefined> {
  const { findNexfiles } = await import('../../host/index.ts');
  const { prepareFunction } = await import('../deploy/prepare.ts');
  const files = await findNexfiles(path ?? '.');
  const prepared: PreparedFunction[] = [];
  const failed: FailedFunction[] = [];
  for (const file of files) {
    try {
      prepared.push(await prepareFunction(file));
    } catch (error) {
      failed.push({ file, error: HairspringError.from(error) });
    }
  }
  refuseTwins(prepared);
  if (failed.length > 0) return await report(context, { deployed: [], failed }, files.length);
  if (flags.dryRun === true) {
    const { showPlan } = await import('../deploy/dry-run.ts');
    await showPlan(context, prepared);
    return undefined;
  }
  return await report(context, await deployAll(context, prepared, flags), files.length);
}

function refuseTwins(prepared: readonly PreparedFunction[]): void {
  for (const [index, { manifest, file }] of prepared.entries()) {
    const twin = prepared.slice(0, index).find((other) => other.manifest.name === manifest.name);
    if (twin !== undefined) throw twinsRefused(manifest.name, twin.file, file);
  }
}

async function deployAll(
  { output, connect }: CommandContext,
  prepared: readonly PreparedFunction[],
  { node: nodeId, approve }: DeployFlags,
): Promise<Outcome> {
  const { deployFunction } = await import('../deploy/deploy-function.ts');
  const { compareWithLive } = await import('../deploy/grants.ts');
  const { refuseWidening } = await import('../deploy/approve.ts');
  await using connection = await connect();
  const plans: DeployPlan[] = [];
  const deployed: DeployedFunction[] = [];
  const failed: FailedFunction[] = [];
  const attempt = async ({ file }: PreparedFunction, step: () => Promise<unknown>): Promise<void> => {
    try {
      await step();
    } catch (error) {
      failed.push({ file, error: HairspringError.from(error) });
    }
  };
  for (const each of prepared) {
    await attempt(each, async () =>
      plans.push({ prepared: each, difference: await compareWithLive(connection, each) }),
    );
  }
  if (failed.length === 0 && approve !== true) failed.push(...(await refuseWidening(output, plans)));
  if (failed.length > 0) return { deployed, failed };
  for (const { prepared: each, difference } of plans) {
    await attempt(each, async () =>
      deployed.push(await deployFunction(connection, each, { nodeId, difference, onlyIfLive: true })),
    );
  }
  return { deployed, failed };
}

/** The first failure decides the exit code. */
async function report(
  { output }: CommandContext,
  { deployed, failed }: Outcome,
  total: number,
): Promise<ExitCode | undefined> {
  const [first] = failed;
  const { renderGrants } = await import('../deploy/grants.ts');
  const { renderWarning } = await import('../deploy/warnings.ts');
  const render = (each: DeployedFunction): string => {
    const grants = each.grants.length === 0 ? [] : [renderGrants(each.grants, output.paint, '    ')];
    const warnings = each.warnings.map((warning) => renderWarning(warning, output.paint));
    return [renderDeployed(each, output.paint), ...warnings, ...grants].join('\n');
  };
  if (output.json || first === undefined) {
    const failures = failed.map(({ file, error }) => ({ file, ...toErrorDocument(error) }));
    output.result({ deployed, failed: failures }, () => deployed.map(render).join('\n'));
  } else {
    for (const each of deployed) output.event(each, () => render(each));
    for (const { error } of failed) output.error(error);
    if (total > 1) output.note(endingOf(deployed.length, failed.length, total));
  }
  return first === undefined ? undefined : exitCodeOf(first.error.code);
}

/** What the errors above come to, as they scroll past. */
function endingOf(deployed: number, failed: number, total: number): string {
  const what = deployed === 0 ? 'Nothing is deployed' : `${countOf(deployed, 'function')} deployed`;
  return `${what}: ${failed} of ${total} failed`;
}

function renderDeployed(
  { name, version, id, triggers, unchanged, elapsedMs }: DeployedFunction,
  paint: CommandContext['output']['paint'],
): string {
  const details = `id ${id}, ${unchanged ? 'unchanged, ' : ''}${formatElapsed(elapsedMs)}`;
  const first = `${paint.green('✓')} ${paint.bold(name)} ${version}  ${paint.dim(details)}`;
  return [first, ...triggers.map((trigger) => `    ${trigger}`)].join('\n');
}
