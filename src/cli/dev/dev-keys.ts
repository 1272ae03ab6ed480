import { HairspringError, LOG_LEVELS, type LogLevel } from '../../core/index.ts';
import type { ControlConnection } from '../shell/connection.ts';
import type { Interrupt } from '../shell/interrupt.ts';
import { printable } from '../shell/printable.ts';
import type { DevFunctions } from './dev-functions.ts';
import type { DevLines } from './dev-lines.ts';
import type { Hotkey } from './hotkeys.ts';
import { tryOutsOf } from './try-outs.ts';

/** What the keys of `dev` act on. */
export interface KeyTargets {
  readonly httpUrl: string | undefined;
  readonly lines: DevLines;
  readonly functions: DevFunctions;
  readonly connection: ControlConnection;
  readonly interrupt: Interrupt;
  cycleLevel(): LogLevel;
}

/** Where the output goes elsewhere there is no screen to clear, and whoever reads it has no use for the codes. */
const CLEAR: Hotkey = {
  key: 'c',
  text: 'clear the screen',
  action: () => void process.stdout.write('\u001b[2J\u001b[3J\u001b[H'),
};

export function devKeys(targets: KeyTargets): readonly Hotkey[] {
  const { lines, functions, interrupt } = targets;
  const keys: readonly Hotkey[] = [
    { key: 't', text: 'send a sample to each function', action: () => void sendSamples(targets) },
    {
      key: 'l',
      text: 'change the lowest level of log lines',
      action: () => lines.info(`log lines from ${targets.cycleLevel()} up`),
    },
    ...(process.stdout.isTTY ? [CLEAR] : []),
    { key: 'r', text: 'redeploy all', action: () => void functions.refresh(true) },
    { key: 'q', text: 'quit', action: () => interrupt.request('q') },
    {
      key: 'h',
      text: 'this list',
      action: () => {
        for (const { key, text } of keys) lines.info(`${key}  ${text}`);
      },
    },
  ];
  return keys;
}

async function sendSamples({ functions, connection, lines, httpUrl }: KeyTargets): Promise<void> {
  for (const { name, sample, request } of await tryOutsOf(functions.list(), httpUrl)) {
    const { subject, payload = '' } = sample ?? {};
    try {
      if (request !== undefined) {
        const response = await fetch(request.url, {
          method: request.method,
          ...(request.payload === '' ? {} : { body: request.payload }),
        });
        lines.info(`${name} → ${response.status} ${printable(await response.text())}`);
      }
      if (request !== undefined && sample === undefined) continue;
      const { error, data } = await connection.client.invoke(
        name,
        payload,
        subject === undefined ? {} : { subject },
      );
      if (error !== undefined) lines.failure(error);
      else lines.info(`${name} → ${printable(new TextDecoder().decode(data))}`);
    } catch (error) {
      lines.failure(HairspringError.from(error));
    }
  }
}

export function levelAfter(level: LogLevel): LogLevel {
  return LOG_LEVELS[(LOG_LEVELS.indexOf(level) + 1) % LOG_LEVELS.length] ?? 'debug';
}
