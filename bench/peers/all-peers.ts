import { DENO_RUN, DENO_SERVE } from './deno.ts';
import { HAIRSPRING, HAIRSPRING_HTTP } from './hairspring.ts';
import {
  CHILD_PROCESS,
  NATS_ECHO,
  NODE_HTTP,
  NODE_WASI,
  WORKER_THREADS,
  WORKER_THREADS_BATCHED,
} from './node.ts';
import type { Peer } from './peer.ts';
import type { Programs } from './programs.ts';
import { WORKERD_DYNAMIC, WORKERD_STATIC } from './workerd.ts';

/** In the order of reports: each transport begins with its floor. */
export const PEERS: readonly Peer[] = [
  NATS_ECHO,
  HAIRSPRING,
  WORKER_THREADS,
  WORKER_THREADS_BATCHED,
  CHILD_PROCESS,
  DENO_RUN,
  NODE_WASI,
  NODE_HTTP,
  HAIRSPRING_HTTP,
  WORKERD_STATIC,
  WORKERD_DYNAMIC,
  DENO_SERVE,
];

/** Those that can run here. */
export function availablePeers(programs: Programs): readonly Peer[] {
  return PEERS.filter(({ needs }) => needs === undefined || programs[needs] !== undefined);
}

/** What a full list would have and this one has not, with the reason. */
export const LEFT_OUT = [
  "Nex's own function path is left out: it needs a Go toolchain and a build of Nex, which the bench does not bring",
] as const;
