/** A host that starts a process for each request: the payload on standard input, the reply as one line of JSON. */

import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { connect, type Msg } from '@nats-io/transport-node';
import { childOptions, serveParent } from '../../src/measure/index.ts';

export interface ProcessResponderOptions {
  readonly url: string;
  readonly subject: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the environment of each process. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Processes at once; what comes above waits, so that memory has a bound. */
const AT_ONCE = 2 * availableParallelism();
/** Requests that wait; above, the oldest is dropped, and its caller notices by its time-out. */
const MAX_WAITING = 10_000;

const { url, subject, command, args, environment } = childOptions<ProcessResponderOptions>();
const waiting: Msg[] = [];
let running = 0;

function startNext(): void {
  if (running >= AT_ONCE) return;
  const message = waiting.shift();
  if (message === undefined) return;
  running += 1;
  const child = spawn(command, args, {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  let answered = false;
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    output += text;
    const end = output.indexOf('\n');
    if (end === -1 || answered) return;
    answered = true;
    message.respond(JSON.parse(output.slice(0, end)) as string);
  });
  child.once('error', (error) => console.error(error));
  child.once('close', (exitCode) => {
    if (!answered) message.respond(`${command} ended without a reply (exit code ${exitCode})`);
    running -= 1;
    startNext();
  });
  child.stdin.on('error', (error) => console.error(error));
  child.stdin.end(message.data);
}

const nc = await connect({ servers: url });
nc.subscribe(subject, {
  queue: 'bench',
  callback: (error, message) => {
    if (error !== null) return;
    waiting.push(message);
    if (waiting.length > MAX_WAITING) waiting.shift();
    startNext();
  },
});
await nc.flush();
serveParent({}, () => nc.close());
