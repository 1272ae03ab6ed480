import { HairspringError } from '../../core/index.ts';

const ENTER = /[\r\n]/;
const BACKSPACE = new Set(['\u007f', '\b']);
const INTERRUPT = '\u0003';
const END = '\u0004';
/** Ctrl-U: everything so far. */
const CLEAR = '\u0015';
/** What is pasted comes without pauses; a hand is not that quick. */
const PAUSE_MS = 100;

/**
 * Asks at the terminal for one line that is not shown. The question goes to standard error.
 * @returns undefined when it is interrupted
 * @throws HS_USAGE when it is ended without an answer, or has several lines
 */
export async function readHidden(question: string): Promise<string | undefined> {
  const { stdin, stderr } = process;
  // Until then the terminal shows what is typed.
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stderr.write(question);
  try {
    return await readLine(stdin);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}

async function readLine(stdin: NodeJS.ReadStream): Promise<string | undefined> {
  let typed: string[] = [];
  for await (const chunk of stdin.iterator({ destroyOnReturn: false }) as AsyncIterable<string>) {
    for (const [index, character] of [...chunk].entries()) {
      if (ENTER.test(character)) {
        const rest = [...chunk].slice(index + 1).join('');
        if ((await drain(stdin)) || rest.replace(/^\n/, '') !== '') throw severalLines();
        return typed.join('');
      }
      if (character === INTERRUPT) return undefined;
      if (character === END) throw noValue();
      if (BACKSPACE.has(character)) typed.pop();
      else if (character === CLEAR) typed = [];
      else typed.push(character);
    }
  }
  throw noValue();
}

/** Throws away what comes without a pause, or the shell would take it for commands. @returns whether there was any */
async function drain(stdin: NodeJS.ReadStream): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let found = false;
  const timer = setTimeout(() => resolve(found), PAUSE_MS);
  const onData = (): void => {
    found = true;
    timer.refresh();
  };
  stdin.on('data', onData);
  try {
    return await promise;
  } finally {
    stdin.off('data', onData);
  }
}

function severalLines(): HairspringError {
  return new HairspringError('HS_USAGE', 'Cannot read the value: it has more than one line', {
    hint: 'Nothing was set. Give it with --file, or on standard input',
  });
}

function noValue(): HairspringError {
  return new HairspringError('HS_USAGE', 'No value was given', { hint: 'Nothing was set' });
}
