import type { Readable } from 'node:stream';
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

/**
 * One line of what is typed at a terminal in raw mode, with its keys to correct it.
 * @returns undefined when it is interrupted
 * @throws HS_USAGE as {@link readHidden}
 */
export async function readLine(stdin: Readable): Promise<string | undefined> {
  const typed = await readTyped(stdin);
  // Only now, as what is iterated over has no other reader.
  if (typed !== undefined && ((await drain(stdin)) || typed.rest !== '')) throw severalLines();
  return typed?.line;
}

/** What is typed before the first line break, and what of the same chunk is after it. */
async function readTyped(
  stdin: Readable,
): Promise<{ readonly line: string; readonly rest: string } | undefined> {
  let typed: string[] = [];
  for await (const chunk of stdin.iterator({ destroyOnReturn: false }) as AsyncIterable<string>) {
    for (const [index, character] of [...chunk].entries()) {
      if (ENTER.test(character)) {
        const rest = [...chunk].slice(index + 1).join('');
        return { line: typed.join(''), rest: rest.replace(/^\n/, '') };
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
async function drain(stdin: Readable): Promise<boolean> {
  let chunks = 0;
  const onData = (): void => {
    chunks += 1;
  };
  stdin.on('data', onData);
  try {
    for (let before = -1; before < chunks; ) {
      before = chunks;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      // Where the process itself had to wait, the pause is over before what came meanwhile is read.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return chunks > 0;
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
  return new HairspringError('HS_USAGE', 'Cannot read the value: none was given', {
    hint: 'Nothing was set',
  });
}
