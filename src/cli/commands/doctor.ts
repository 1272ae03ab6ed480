import type { Command } from 'commander';
import { HairspringError } from '../../core/index.ts';
import type { CheckContext, CheckResult, CheckStatus, Finding } from '../doctor/check.ts';
import { type CommandContext, defineCommand, runs, type Shell } from '../shell/command.ts';
import { type ControlConnection, connectTo, resolveEndpoint } from '../shell/connection.ts';
import { EXIT, type ExitCode } from '../shell/exit-codes.ts';
import { DEFAULT_NAMESPACE } from '../shell/global-options.ts';
import type { Output } from '../shell/output.ts';
import { type KeptAccess, withKeptCredentials } from '../shell/own-server.ts';
import { printable } from '../shell/printable.ts';
import { renderTable } from '../shell/table.ts';

/** `doctor`: looks at all that a node needs, and says what to do where something is missing. */
export function addDoctor(program: Command, shell: Shell): void {
  defineCommand(program, {
    usage: 'doctor',
    summary: 'Check this machine and the NATS that commands use',
    details:
      'Changes nothing and fetches nothing. Ends with 0 when nothing fails, else with 5; a warning is no failure.',
    examples: ['doctor', 'doctor --context production --accounts accounts.yaml', 'doctor --json'],
  })
    .option(
      '--accounts <file>',
      'try the ways into the accounts of namespaces that a node is to have (env HAIRSPRING_ACCOUNTS)',
    )
    .action(runs(shell, doctor));
}

interface DoctorFlags {
  readonly accounts?: string;
}

async function doctor(context: CommandContext, flags: DoctorFlags): Promise<ExitCode | undefined> {
  const { output } = context;
  const checks = await examine(context, flags);
  const ok = checks.every(({ status }) => status !== 'fail');
  output.result({ ok, checks }, () => renderChecks(checks, output.paint));
  return ok ? undefined : EXIT.environment;
}

async function examine(
  { options, env }: CommandContext,
  flags: DoctorFlags,
): Promise<readonly CheckResult[]> {
  const machine = await import('../doctor/machine-checks.ts');
  const nats = await import('../doctor/nats-checks.ts');
  let connection: ControlConnection | undefined;
  let failure: HairspringError | undefined;
  let access: KeptAccess | undefined;
  try {
    access = await withKeptCredentials(await resolveEndpoint(options, env), options.namespace, env);
    connection = await connectTo(access.endpoint, options, false);
  } catch (error) {
    failure = HairspringError.from(error);
  }
  await using _connection = connection;
  const context: CheckContext = { env, options, endpoint: access?.endpoint, connection };
  const isUnused = access?.isForeign === true && options.namespace !== DEFAULT_NAMESPACE;
  const accounts = flags.accounts ?? (env.variables['HAIRSPRING_ACCOUNTS'] || undefined);
  const named: readonly (readonly [string, Finding | Promise<Finding>])[] = [
    ['Node', machine.checkNode()],
    ['isolates', machine.checkIsolates()],
    ['nats-server', machine.checkNatsServer(context)],
    ['data folder', machine.checkDataDir(context)],
    ['cache folder', machine.checkCacheDir(context)],
    ['memory', machine.checkMemory()],
    ['NATS', nats.checkReachable(context, failure)],
    ['NATS version', nats.checkServer(context)],
    ['JetStream', nats.checkJetStream(context)],
    ['accounts', nats.checkAccount(context)],
    ...(accounts === undefined ? [] : [['accounts file', checkFile(context, accounts)] as const]),
    ...(isUnused ? [['namespace', nats.unusedNamespace(options.namespace)] as const] : []),
    ['nodes', nats.checkNodes(context)],
  ];
  return await Promise.all(named.map(async ([name, finding]) => ({ name, ...(await finding) })));
}

/** Loaded only when asked for, with the whole host. */
async function checkFile(context: CheckContext, path: string): Promise<Finding> {
  const { checkAccountsFile } = await import('../doctor/accounts-check.ts');
  return await checkAccountsFile(context, path);
}

function renderChecks(checks: readonly CheckResult[], paint: Output['paint']): string {
  const marks: Readonly<Record<CheckStatus, string>> = {
    pass: paint.green('✓'),
    warn: paint.yellow('!'),
    fail: paint.red('✖'),
    skip: paint.dim('–'),
  };
  const table = renderTable(
    checks.map(({ status, name, detail }) => [marks[status], name, printable(detail)]),
  );
  const lines = table.split('\n').flatMap((line, index) => {
    const remedy = checks[index]?.remedy;
    return remedy === undefined ? [line] : [line, `   ${paint.cyan('→')} ${printable(remedy)}`];
  });
  return lines.join('\n');
}
