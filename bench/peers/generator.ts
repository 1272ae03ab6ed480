/** Asks peers over NATS or HTTP, in the same closed loop and at the same pace. In a process of its own, as the load generator is. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import {
  ClosedLoop,
  childOptions,
  encodeRequest,
  HttpConnection,
  HttpLoop,
  type HttpRequest,
  type LoadPids,
  type LoadWindow,
  type Loop,
  measureWindow,
  serveParent,
} from '../../src/measure/index.ts';
import type { Address } from './peer.ts';

export interface GeneratorOptions {
  readonly url: string;
  readonly payloadBytes: number;
}

export interface PeerLoadParams {
  readonly address: Address;
  readonly inFlight: number;
  readonly warmupMs: number;
  readonly windowMs: number;
  readonly pids: LoadPids;
}

export type GeneratorCommands = {
  /** Keeps `inFlight` requests under way for a while. */
  readonly load: { readonly params: PeerLoadParams; readonly result: LoadWindow };
  /** Requests one after the other, with a pause before each. @returns the latency of each in milliseconds */
  readonly sequence: {
    readonly params: { readonly addresses: readonly Address[]; readonly pauseMs: number };
    readonly result: readonly number[];
  };
};

const REQUEST_TIMEOUT_MS = 10_000;

const { url, payloadBytes } = childOptions<GeneratorOptions>();
const payload = new Uint8Array(payloadBytes).fill(0x78);
const nc = await connect({ servers: url });
const connections = new Map<number, HttpConnection>();

/** Every peer gives back the payload; an error does not. */
function isExpected(body: Uint8Array): boolean {
  return body.length === payloadBytes && body[0] === 0x78 && body[payloadBytes - 1] === 0x78;
}

function postTo(address: { readonly port: number; readonly path: string }): HttpRequest {
  const headers = [['Content-Type', 'text/plain']] as const;
  return encodeRequest({ ...address, method: 'POST', headers, body: payload });
}

async function startLoop(address: Address, inFlight: number): Promise<Loop> {
  if (address.transport === 'http')
    return await HttpLoop.open({
      ...{ port: address.port, request: postTo(address), inFlight },
      isExpected: ({ status, body }) => status === 200 && isExpected(body),
    });
  const { subject } = address;
  const connection = await connect({ servers: url });
  const loop = new ClosedLoop({
    ...{ routes: [{ nc: connection, subject }], payload, inFlight },
    isExpected: ({ data }) => isExpected(data),
  });
  return {
    tally: loop.tally,
    async stop(timeoutMs) {
      await loop.stop(timeoutMs);
      await connection.close();
    },
  };
}

async function load({ address, inFlight, warmupMs, windowMs, pids }: PeerLoadParams): Promise<LoadWindow> {
  const loop = await startLoop(address, inFlight);
  return await measureWindow(loop, { warmupMs, windowMs, drainMs: REQUEST_TIMEOUT_MS, pids });
}

/** All but the request itself is done before the clock starts. */
async function prepareRequest(address: Address): Promise<() => Promise<Uint8Array>> {
  if (address.transport === 'nats')
    return async () => (await nc.request(address.subject, payload, { timeout: REQUEST_TIMEOUT_MS })).data;
  const { port } = address;
  let connection = connections.get(port);
  if (connection === undefined) {
    connection = await HttpConnection.open(port);
    connections.set(port, connection);
  }
  const opened = connection;
  const request = postTo(address);
  return async () => (await opened.ask(request, REQUEST_TIMEOUT_MS)).body;
}

async function timeOne(address: Address, pauseMs: number): Promise<number> {
  const ask = await prepareRequest(address);
  await sleep(pauseMs);
  const startedAt = performance.now();
  const body = await ask();
  const elapsedMs = performance.now() - startedAt;
  if (!isExpected(body))
    throw new Error(`${JSON.stringify(address)} replied: ${Buffer.from(body).toString().slice(0, 300)}`);
  return elapsedMs;
}

function closeConnections(): void {
  for (const connection of connections.values()) connection[Symbol.dispose]();
  connections.clear();
}

serveParent<GeneratorCommands>(
  {
    load,
    async sequence({ addresses, pauseMs }) {
      const latencies: number[] = [];
      try {
        for (const address of addresses) latencies.push(await timeOne(address, pauseMs));
      } finally {
        closeConnections();
      }
      return latencies;
    },
  },
  async () => {
    closeConnections();
    await nc.close();
  },
);
