/**
 * A frame in a function's script. All others are the runtime's, or the host's, whose paths are nobody's business: of an
 * error that had no stack when it was copied, those are on both sides of the boundary.
 */
const FRAME = /^ {4}at (?:.* \()?[\w.-]+\.js:\d+:\d+\)?$/;
const BOUNDARY = '\n    at (<isolated-vm boundary>)';
/** The guest writes the rest, and as much as it likes. */
const MAX_CHARS = 2_000;

/** Where an error was thrown that has come out of an isolate, as lines for a log; "" when that is not known. */
export function guestFrames(error: unknown): string {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return '';
  const end = error.stack.lastIndexOf(BOUNDARY);
  if (end === -1) return '';
  const lines = error.stack.slice(Math.max(0, end - MAX_CHARS), end).split('\n');
  return lines
    .filter((line) => FRAME.test(line))
    .map((line) => `\n${line}`)
    .join('');
}
