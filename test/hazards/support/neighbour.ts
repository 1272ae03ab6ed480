/** Steady load on a neighbour of a hazard, from another process. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export type NeighbourCommand =
  | { readonly subject: string; readonly perSecond: number }
  | { readonly subject?: undefined };

/** One request to the neighbour. */
export interface NeighbourCall {
  /** Since the epoch. */
  readonly sentAtMs: number;
  readonly tookMs: number;
  /** `ok`, the code of an error, `silent`, `no responders`, or `wrong` for a reply that is not the neighbour's. */
  readonly outcome: string;
}

export interface NeighbourCallers extends Disposable {
  start(subject: string, perSecond: number): void;
  /** Resolves with all calls when each has its outcome. */
  stop(): Promise<readonly NeighbourCall[]>;
}

const ENTRY = fileURLToPath(new URL('./neighbour-process.ts', import.meta.url));

/** Starts the process that calls; disposing ends it. */
export async function startNeighbourCallers(url: string): Promise<NeighbourCallers> {
  const child = fork(ENTRY, [url], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(child, 'message');
  const tell = (command: NeighbourCommand): void => void child.send(command);
  return {
    start: (subject, perSecond) => tell({ subject, perSecond }),
    async stop() {
      const answer = once(child, 'message');
      tell({});
      const [calls] = await answer;
      return calls as readonly NeighbourCall[];
    },
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}
