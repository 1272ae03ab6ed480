import { Option } from 'commander';
import { LOG_LEVELS, type LogLevel } from '../../core/index.ts';

/** An option that takes a log level. */
export function levelOption(flags: string, text: string, otherwise: LogLevel): Option {
  return new Option(flags, text).choices([...LOG_LEVELS]).default(otherwise);
}

/** Whether a line of `level` is shown where `floor` is the lowest that is. */
export function isShown(level: LogLevel, floor: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(floor);
}
