import type { Command } from 'commander';
import { formatDuration, HairspringError, parseDuration } from '../../core/index.ts';
import { readSecretValue } from '../secret/read-value.ts';
import { collect } from '../shell/collect.ts';
import { type CommandContext, defineCommand, runs, type Shell } from '../shell/command.ts';
import { EXIT, type ExitCode } from '../shell/exit-codes.ts';
import { countOf } from '../shell/format.ts';
import { printable } from '../shell/printable.ts';
import { renderTable } from '../shell/table.ts';

/** 100 years: a time beyond the year 9999 cannot be written into the sealed value. */
const LONGEST_EXPIRY_MS = 876_000 * 3_600_000;

interface SetFlags {
  readonly file?: string;
  readonly node?: readonly string[];
  readonly expires?: number;
}

/** `secret`: sets, lists and deletes the secrets of a namespace. */
export function addSecret(program: Command, shell: Shell): void {
  const secret = defineCommand(program, {
    usage: 'secret',
    summary: 'Set, list and delete the secrets of a namespace',
    details:
      'A Nexfile binds a secret with LABEL: { secret: NAME }. Its value is sealed here, for each node, and opened in the cells of its namespace only.',
    examples: ['secret set api-key < key.txt', 'secret list', 'secret delete api-key'],
  });
  defineCommand(secret, {
    usage: 'set <name>',
    summary: 'Set a secret, or replace its value',
    details:
      'The value is read from standard input, at a terminal from a prompt that shows nothing, never from the command line. One line break at the end of standard input is left out; a file is taken as it is. Running functions go over to a new value without being deployed again; where one cannot, the command ends with 1.',
    examples: ['secret set api-key < key.txt', 'secret set tls-key --file key.pem --namespace staging'],
  })
    .option('--file <path>', 'read the value from this file, which is taken as it is')
    .option('--node <id>', 'seal to this node and no other; may be repeated', collect)
    .option('--expires <duration>', 'no longer open the value after this time, such as 720h', parseDuration)
    .allowExcessArguments()
    .hook('preAction', refuseArguments)
    .action(runs(shell, set));
  defineCommand(secret, {
    usage: 'list',
    alias: 'ls',
    summary: 'List secrets: when they were set and which functions use them, never a value',
    examples: ['secret list', 'secret list --json'],
  }).action(runs(shell, list));
  defineCommand(secret, {
    usage: 'delete <name>',
    alias: 'rm',
    summary: 'Delete a secret that no deployed function is bound to, on all nodes',
    examples: ['secret delete api-key', 'secret delete api-key --namespace staging'],
  }).action(runs(shell, remove));
}

/** Commander would say which arguments are too many, and a value would be among them. */
function refuseArguments({ args }: Command): void {
  if (args.length <= 1) return;
  throw new HairspringError('HS_USAGE', 'Cannot take the value of a secret from the command line', {
    hint: 'Other users see command lines. Give the value on standard input, or with --file',
  });
}

async function set(
  { output, options, connect }: CommandContext,
  name: string,
  { file, node, expires }: SetFlags,
): Promise<ExitCode | undefined> {
  if (expires !== undefined && expires < 1_000)
    throw new HairspringError(
      'HS_USAGE',
      `Cannot use --expires ${formatDuration(expires)}: it is shorter than a second`,
    );
  if (expires !== undefined && expires > LONGEST_EXPIRY_MS) {
    const longest = formatDuration(LONGEST_EXPIRY_MS);
    throw new HairspringError(
      'HS_USAGE',
      `Cannot use --expires ${formatDuration(expires)}: the longest is ${longest}`,
      {
        hint: `Write ${longest} or less, or leave --expires out: the value then never expires`,
      },
    );
  }
  const value = await readSecretValue(name, file);
  if (value === undefined) {
    output.note('Interrupted: nothing was set');
    return EXIT.interrupted;
  }
  await using connection = await connect();
  const notAfter = expires === undefined ? undefined : new Date(Date.now() + expires);
  const done = await connection.client.setSecret(name, value, {
    ...(node === undefined ? {} : { nodes: node }),
    notAfter,
  });
  output.result({ ...done, namespace: options.namespace }, () => {
    const functions = new Set(done.nodes.flatMap((one) => one.functions));
    const used =
      functions.size === 0 ? 'no function uses it yet' : `now used by ${[...functions].join(', ')}`;
    return `${output.paint.green('✓')} ${output.paint.bold(name)} is set on ${countOf(done.nodes.length, 'node')}: ${used}`;
  });
  for (const { nodeId, opened, failures } of done.nodes) {
    output.note(`Sealed to ${nodeId}${opened ? '' : ', which opens it when a function is deployed'}`);
    for (const failure of failures) output.note(`Not used by ${printable(failure)}`);
  }
  return done.nodes.some(({ failures }) => failures.length > 0) ? EXIT.failed : undefined;
}

async function list({ output, options, connect }: CommandContext): Promise<ExitCode | undefined> {
  await using connection = await connect();
  const secrets = await connection.client.listSecrets();
  output.result(secrets, () => {
    if (secrets.length === 0) return `No secrets in namespace "${options.namespace}"`;
    const rows = secrets.map(({ name, setAt, notAfter, functions, nodes, missingOn }) => [
      output.paint.bold(printable(name)),
      printable(setAt),
      printable(notAfter ?? ''),
      printable(functions.join(' ')),
      missingOn.length === 0 ? 'all' : `${nodes.length} of ${nodes.length + missingOn.length}`,
    ]);
    const heading = ['NAME', 'SET', 'EXPIRES', 'USED BY', 'NODES'].map((text) => output.paint.dim(text));
    return renderTable([heading, ...rows]);
  });
  return undefined;
}

async function remove(
  { output, options, connect }: CommandContext,
  name: string,
): Promise<ExitCode | undefined> {
  await using connection = await connect();
  const nodes = await connection.client.deleteSecret(name);
  output.result(
    { name, namespace: options.namespace, nodes },
    () =>
      `${output.paint.green('✓')} ${output.paint.bold(name)} is gone from ${countOf(nodes.length, 'node')}`,
  );
  return undefined;
}
