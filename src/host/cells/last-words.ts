const MAX_CHARS = 300;

/** Node prints an error that has no stack in brackets, with its fields behind it. */
const BRACKETED = /^\[(.*?)(?:\](?: \{.*)?)?$/;
/** Of an error of JavaScript, or of V8 as it ends the process. */
const TELLING = /^(?:\[?(?:[A-Z]\w*)?(?:Error|Exception|Rejection)(?:: | \[|\]|$)|# Fatal|FATAL ERROR)/;
/** What Node ends with whatever the error was. */
const CLOSING = /^(?:Node\.js v.*)?$/;

/** The line that says why a process ended, without stack and without more than fits a log line. */
export function lastWords(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  const telling =
    lines.find((line) => TELLING.test(line)) ?? lines.findLast((line) => !CLOSING.test(line)) ?? '';
  return telling.replace(BRACKETED, '$1').slice(0, MAX_CHARS);
}
