import { HairspringError } from '../../core/index.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'you may not read it',
};

/** The error for a file, named with `option`, that could not be read because of `cause`. */
export function unreadable(file: string, option: string, cause: unknown): HairspringError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = REASONS[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return new HairspringError('HS_USAGE', `Cannot read "${file}": ${reason}`, {
    cause,
    hint: `Name a file that you may read with ${option}`,
  });
}
