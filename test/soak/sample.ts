import { readdirSync, readFileSync } from 'node:fs';
import { rssBytes } from '../../src/measure/index.ts';
import type { SoakWorld } from './world.ts';

/** What a process holds. */
export interface ProcessSample {
  readonly pid: number;
  readonly rssBytes: number;
  readonly descriptors: number;
  readonly threads: number;
}

export interface ServerSample {
  readonly rssBytes: number;
  readonly connections: number;
  readonly subscriptions: number;
  readonly consumers: number;
  readonly slowConsumers: number;
}

export interface Sample {
  readonly seconds: number;
  /** Requests sent so far. */
  readonly sent: number;
  readonly host: ProcessSample;
  readonly cells: readonly ProcessSample[];
  readonly server: ServerSample;
}

/** Undefined when the process is gone. */
export function sampleProcess(pid: number): ProcessSample | undefined {
  try {
    const threads = /^Threads:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    const descriptors = readdirSync(`/proc/${pid}/fd`).length;
    const rss = rssBytes(pid);
    return rss === undefined ? undefined : { pid, rssBytes: rss, descriptors, threads: Number(threads) };
  } catch {
    return undefined;
  }
}

interface Varz {
  readonly mem: number;
  readonly connections: number;
  readonly subscriptions: number;
  readonly slow_consumers: number;
}

async function read<Answer>(url: string): Promise<Answer> {
  return (await (await fetch(url)).json()) as Answer;
}

export async function sampleServer(monitorUrl: string): Promise<ServerSample> {
  const [varz, { consumers }] = await Promise.all([
    read<Varz>(`${monitorUrl}/varz`),
    read<{ readonly consumers: number }>(`${monitorUrl}/jsz`),
  ]);
  return {
    rssBytes: varz.mem,
    connections: varz.connections,
    subscriptions: varz.subscriptions,
    consumers,
    slowConsumers: varz.slow_consumers,
  };
}

/** One look at all processes from outside. @throws when the host is gone */
export async function takeSample(world: SoakWorld, seconds: number, sent: number): Promise<Sample> {
  const server = await sampleServer(world.monitorUrl);
  const cellPids = await world.host.call('cellPids', null);
  const host = sampleProcess(world.host.pid);
  if (host === undefined) throw new Error('The host is gone');
  const cells = cellPids.map(sampleProcess).filter((cell) => cell !== undefined);
  return { seconds, sent, host, cells, server };
}
