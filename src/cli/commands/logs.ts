import type { Command } from 'commander';
import type { ControlClient, LogLine } from '../../control/index.ts';
import { HairspringError, type LogLevel, parseWait, systemClock } from '../../core/index.ts';
import { type CommandContext, defineCommand, runs, type Shell } from '../shell/command.ts';
import { connectTo, resolveAccess } from '../shell/connection.ts';
import { watchConnection } from '../shell/connection-loss.ts';
import { EXIT, type ExitCode } from '../shell/exit-codes.ts';
import { createInterrupt } from '../shell/interrupt.ts';
import { isShown, levelOption } from '../shell/level-option.ts';
import { renderLogLine } from '../shell/log-line.ts';

interface LogsFlags {
  readonly follow: boolean;
  readonly for?: number;
  readonly level: LogLevel;
}

/** `logs`: follows what functions log. */
export function addLogs(program: Command, shell: Shell): void {
  defineCommand(program, {
    usage: 'logs [name]',
    summary: 'Follow what functions log, from now on',
    details:
      'NAME is the name or the id of a function; without it the lines of all functions of the namespace. ' +
      'Lines are not kept: what was logged before cannot be shown. So the command always follows, ' +
      'until it is interrupted or --for has passed.',
    examples: ['logs', 'logs hello -f', 'logs hello --for 10s --json', 'logs --level warn'],
  })
    .option('-f, --follow', 'follow (which it always does)', true)
    .option('--for <duration>', 'end by itself after this time', parseWait)
    .addOption(levelOption('--level <level>', 'lowest level to show', 'debug'))
    .action(runs(shell, logs));
}

async function logs(
  context: CommandContext,
  name: string | undefined,
  flags: LogsFlags,
): Promise<ExitCode | undefined> {
  const { options, env, output } = context;
  using interrupt = createInterrupt();
  await using connection = await connectTo(await resolveAccess(options, env), options, true);
  const { client, nc } = connection;
  const lost = watchConnection(nc, output, 'Cannot follow logs any longer');
  const names = await createNames(client);
  const id = name === undefined ? undefined : (await client.info(name)).definition.id;
  await using _following = await client.logs(id === undefined ? {} : { function: id }, (line) => {
    if (isShown(line.level, flags.level)) void names.of(line).then((known) => show(known, line));
  });
  output.note(`Following ${name ?? 'all functions'} in namespace "${options.namespace}"`);

  function show(known: string, line: LogLine): void {
    output.event({ name: known, ...line }, () => renderLogLine(known, line, output.paint));
  }

  interrupt.arm();
  const { promise: timeIsUp, resolve: endTime } = Promise.withResolvers<'time'>();
  const cancel =
    flags.for === undefined ? () => undefined : systemClock.after(flags.for, () => endTime('time'));
  const reason = await Promise.race([interrupt.requested, timeIsUp, lost]);
  cancel();
  if (HairspringError.is(reason)) throw reason;
  return reason === 'time' ? EXIT.ok : EXIT.interrupted;
}

interface Names {
  of(line: LogLine): Promise<string>;
}

/** Names by id; asks again, once for each id, about functions deployed since. */
async function createNames(client: ControlClient): Promise<Names> {
  const known = new Map<string, Promise<string>>();
  for (const { id, name } of await listOrNone(client)) known.set(id, Promise.resolve(name));
  return {
    of({ functionId }) {
      const found = known.get(functionId) ?? nameOf(client, functionId);
      known.set(functionId, found);
      return found;
    },
  };
}

async function listOrNone(client: ControlClient): ReturnType<ControlClient['list']> {
  try {
    return await client.list();
  } catch (error) {
    // Without a node there is nothing to name yet; lines may still come when one starts.
    if (HairspringError.is(error) && error.code === 'HS_NO_NODE') return [];
    throw error;
  }
}

function nameOf(client: ControlClient, id: string): Promise<string> {
  return client.info(id).then(
    ({ definition }) => definition.name,
    () => id,
  );
}
