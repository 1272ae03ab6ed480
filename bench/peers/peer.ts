import type { Site } from '../bench-run.ts';
import type { Programs } from './programs.ts';

/** A note of what starts anew for each request. */
export const NO_WARM = 'has no warm request: what a start adds is taken over the floor of its transport';

/** Where a function is asked. */
export type Address =
  | { readonly transport: 'nats'; readonly subject: string }
  | { readonly transport: 'http'; readonly port: number; readonly path: string };

/** What a peer runs: as many functions as there are tenants, of one source file of bench/functions. */
export interface PeerTask {
  readonly site: Site;
  readonly programs: Programs;
  readonly entry: string;
  /** Code that is never called is added until the script has so many characters. */
  readonly padTo: number;
  /** The script as Hairspring deploys it; what adapts it to a peer is in scripts.ts. */
  readonly code: string;
  readonly tenants: number;
}

/** Disposing ends all its processes. */
export interface RunningPeer extends AsyncDisposable {
  addressOf(tenant: number): Address;
  /** Asked before each window: a process that died may have a successor. */
  pids(): Promise<readonly number[]>;
}

/** Who answers: Hairspring, a floor, or something that people would use instead. */
export interface Peer {
  readonly id: string;
  readonly title: string;
  readonly transport: Address['transport'];
  /** Whether it is the least that an answer over its transport costs. */
  readonly isFloor: boolean;
  /** The program of bench/peers that it needs. */
  readonly needs: keyof Programs | undefined;
  /** Whether it takes part under load. */
  readonly underLoad: boolean;
  /** What the first requests to its functions show; `always`: every request is a start, and there is no warm one. */
  readonly cold: 'first' | 'always' | 'never' | undefined;
  /** It answers so few that a shorter window would not count them. @default 0 */
  readonly minWindowMs?: number;
  /** Whether it makes more ready after its start, as a pool is filled. @default false */
  readonly settles?: boolean;
  /** What a reader must know of how it is set up; said once for a run. */
  readonly notes: readonly string[];
  /** Once, before the first start. */
  prepare?(tasks: readonly PeerTask[]): Promise<void>;
  start(task: PeerTask): Promise<RunningPeer>;
}
