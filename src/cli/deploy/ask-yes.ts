import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** Asks a person; anything but a yes, the end of the input and Ctrl-C too, is a no. */
export async function askYes(question: string, input: Readable, output: Writable): Promise<boolean> {
  const lines = createInterface({ input, output });
  try {
    return await new Promise((resolve) => {
      lines.once('close', () => resolve(false));
      lines.question(`${question} [y/N] `, (answer) => resolve(/^\s*y(?:es)?\s*$/i.test(answer)));
    });
  } finally {
    lines.close();
  }
}
