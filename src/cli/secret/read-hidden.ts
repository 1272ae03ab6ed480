import { HairspringError } from '../../core/index.ts';

const ENTER = new Set(['\r', '\n']);
const BACKSPACE = new Set(['\u007f', '\b']);
const INTERRUPT = '\u0003';
const END = '\u0004';
/** Ctrl-U: everything so far. */
const CLEAR = '\u0015';

/**
 * Asks at the terminal for one line that is not shown. The question goes to standard error.
 * @throws HS_USAGE when it is ended without an answer
 */
export async function readHidden(question: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  try {
    let typed: string[] = [];
    for await (const chunk of stdin as AsyncIterable<string>) {
      for (const character of chunk) {
        if (ENTER.has(character)) return typed.join('');
        if (character === INTERRUPT || character === END)
          throw new HairspringError('HS_USAGE', 'No value was given', { hint: 'Nothing was set' });
        if (BACKSPACE.has(character)) typed.pop();
        else if (character === CLEAR) typed = [];
        else typed.push(character);
      }
    }
    throw new HairspringError('HS_USAGE', 'No value was given', { hint: 'Nothing was set' });
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}
