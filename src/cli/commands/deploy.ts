import type { Command } from 'commander';
import { formatBytes, HairspringError } from '../../core/index.ts';
import type { DeployedFunction } from '../deploy/deploy-function.ts';
import type { PreparedFunction } from '../deploy/prepare.ts';
import { type CommandContext, defineCommand, runs, type Shell } from '../shell/command.ts';
import { type ExitCode, exitCodeOf } from '../shell/exit-codes.ts';
import { countOf, formatElapsed } from '../shell/format.ts';
import { toErrorDocument } from '../shell/output.ts';

interface DeployFlags {
  readonly dryRun?: true;
  readonly node?: string;
}

interface FailedFunction {
  readonly file: string;
  readonly error: HairspringError;
}

/** `deploy`: bundles functions and deploys them to a node. */
export function addDeploy(program: Command, shell: Shell): void {
  defineCommand(program, {
    usage: 'deploy [path]',
    summary: 'Bundle a function and deploy it idle',
    details:
      'PATH is a Nexfile, a folder with one, or a folder of such folders (the working folder by default).\n' +
      'All of them are read and bundled first; when one is refused, none is deployed.',
    examples: ['deploy', 'deploy examples --namespace staging', 'deploy hello --dry-run'],
  })
    .option('--dry-run', 'read and bundle, and deploy nothing')
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
  if (failed.length > 0) return report(context, [], failed);
  if (flags.dryRun === true) return await showPlan(context, prepared);
  return await deployAll(context, prepared, flags.node);
}

/** Two functions of one name would replace each other in silence. */
function refuseTwins(prepared: readonly PreparedFunction[]): void {
  for (const [index, { manifest, file }] of prepared.entries()) {
    const twin = prepared.slice(0, index).find((other) => other.manifest.name === manifest.name);
    if (twin === undefined) continue;
    throw new HairspringError(
      'HS_NEXFILE_INVALID',
      `Cannot deploy "${manifest.name}" twice: "${twin.file}" and "${file}" both have this name`,
      { hint: 'Rename one of the two' },
    );
  }
}

async function deployAll(
  context: CommandContext,
  prepared: readonly PreparedFunction[],
  nodeId: string | undefined,
): Promise<ExitCode | undefined> {
  const { deployFunction } = await import('../deploy/deploy-function.ts');
  await using connection = await context.connect();
  const deployed: DeployedFunction[] = [];
  const failed: FailedFunction[] = [];
  for (const each of prepared) {
    try {
      deployed.push(await deployFunction(connection, each, nodeId));
    } catch (error) {
      failed.push({ file: each.file, error: HairspringError.from(error) });
    }
  }
  return report(context, deployed, failed);
}

async function showPlan(
  { output }: CommandContext,
  prepared: readonly PreparedFunction[],
): Promise<undefined> {
  const { triggersOf } = await import('../deploy/deploy-function.ts');
  const { shownPath } = await import('../deploy/prepare.ts');
  const plan = prepared.map((each) => ({
    name: each.manifest.name,
    file: shownPath(each.file),
    triggers: triggersOf(each),
    digest: each.bundle?.digest ?? null,
    artifactBytes: each.bundle?.bytes.byteLength ?? 0,
    warnings: each.bundle?.warnings ?? [],
  }));
  output.result({ dryRun: true, functions: plan }, () =>
    [
      ...plan.flatMap(({ name, triggers, artifactBytes, warnings }) => [
        `${name}  ${triggers.join(', ') || 'no triggers'}  ${formatBytes(artifactBytes)}`,
        ...warnings.map((warning) => `  ${output.paint.yellow('warning')}: ${warning}`),
      ]),
      `Nothing is deployed: ${countOf(plan.length, 'function')} would be`,
    ].join('\n'),
  );
}

/** The first failure decides the exit code. */
function report(
  { output }: CommandContext,
  deployed: readonly DeployedFunction[],
  failed: readonly FailedFunction[],
): ExitCode | undefined {
  const [first] = failed;
  if (output.json || first === undefined) {
    const failures = failed.map(({ file, error }) => ({ file, ...toErrorDocument(error) }));
    output.result({ deployed, failed: failures }, () =>
      deployed.map((each) => renderDeployed(each, output.paint)).join('\n'),
    );
  } else {
    for (const each of deployed) output.event(each, () => renderDeployed(each, output.paint));
    for (const { error } of failed) output.failure(error);
  }
  return first === undefined ? undefined : exitCodeOf(first.error.code);
}

function renderDeployed(
  { name, version, id, triggers, elapsedMs }: DeployedFunction,
  paint: CommandContext['output']['paint'],
): string {
  const first = `${paint.green('✓')} ${paint.bold(name)} ${version}  ${paint.dim(`id ${id}, ${formatElapsed(elapsedMs)}`)}`;
  return [first, ...triggers.map((trigger) => `    ${trigger}`)].join('\n');
}
