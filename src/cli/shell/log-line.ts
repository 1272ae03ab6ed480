import type { LogLine } from '../../control/index.ts';
import type { LogLevel, LogRecord } from '../../core/index.ts';
import type { Output } from './output.ts';
import { printable } from './printable.ts';

type Paint = Output['paint'];

/** A line that a function logged, after its name. */
export function renderLogLine(name: string, { level, text }: LogLine, paint: Paint): string {
  return `${paint.magenta(printable(name))} ${levelMark(level, paint)} ${printable(text)}`;
}

/** A record of the host's own log. */
export function renderLogRecord({ level, message, fields }: LogRecord, paint: Paint): string {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${paint.dim(`${key}=`)}${printable(String(value))}`);
  return `${levelMark(level, paint)} ${printable(message)}${pairs.join('')}`;
}

function levelMark(level: LogLevel, paint: Paint): string {
  const padded = level.padEnd(5);
  switch (level) {
    case 'error':
      return paint.red(padded);
    case 'warn':
      return paint.yellow(padded);
    case 'debug':
      return paint.dim(padded);
    default:
      return paint.cyan(padded);
  }
}
