/** A local HTTP server and an http binding over it, without a cell around them. */
import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type ErrorCode,
  HairspringError,
  type HostCaller,
  type HttpBinding,
  type PreparedBinding,
  systemClock,
} from '../../src/core/index.ts';
import { createHttpService } from '../../src/hostservices/http/provider.ts';
import type { ResolvedAddress } from '../../src/hostservices/http/resolve.ts';

export interface LocalServer extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** Connections accepted so far. */
  readonly connections: () => number;
  readonly server: Server;
}

export async function startLocalServer(listener: RequestListener): Promise<LocalServer> {
  const server = createServer(listener);
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    connections: () => connections,
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function httpBinding(urls: readonly string[], grant: Partial<HttpBinding> = {}): HttpBinding {
  return { service: 'http', urls, methods: [], private: false, ...grant };
}

export interface FetchSpec {
  readonly method?: string;
  readonly headers?: readonly string[];
  readonly body?: string | Uint8Array;
  readonly redirect?: 'follow' | 'manual';
  /** The number that the guest gives the request. */
  readonly number?: number;
  readonly caller?: HostCaller;
}

export interface Fetched {
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  readonly redirected: boolean;
  /** The values of a header. */
  header(name: string): readonly string[];
  readonly body: Buffer;
}

/** What `open` answers with; the last one is null without a body, 0 when it comes beside, else its handle. */
export type OpenAnswer = [number, string, string, number, string[], number | null];

export interface HttpHandle {
  readonly prepared: PreparedBinding;
  /** With the whole body. */
  fetch(url: string, spec?: FetchSpec): Promise<Fetched>;
  /** The error that the request ends with. Fails the test when it ends well. */
  refused(url: string, spec?: FetchSpec): Promise<HairspringError>;
  code(url: string, spec?: FetchSpec): Promise<ErrorCode>;
}

export const PATIENT: HostCaller = { id: 1, deadlineMs: Number.POSITIVE_INFINITY };

export type Names = Readonly<Record<string, readonly string[]>>;

/** Resolves from `names` and nothing else. */
export function resolverOf(names: Names): (hostname: string) => Promise<readonly ResolvedAddress[]> {
  return async (hostname) => {
    const found = names[hostname];
    if (found === undefined) throw new Error(`getaddrinfo ENOTFOUND ${hostname}`);
    return found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
}

export function openHttp(binding: HttpBinding, names: Names = {}, label = 'WEB'): HttpHandle {
  const service = createHttpService({ clock: systemClock, resolve: resolverOf(names) });
  return handleOf(service.prepare(label, binding));
}

export function handleOf(prepared: PreparedBinding): HttpHandle {
  const handle: HttpHandle = {
    prepared,
    async fetch(url, spec = {}) {
      const { method = 'GET', headers = [], redirect = 'follow', number = 1, body, caller = PATIENT } = spec;
      const args = [number, method, url, JSON.stringify(headers), redirect];
      const { value, data } = await prepared.call({ op: 'open', args, payload: body }, caller);
      const [status, statusText, finalUrl, redirected, fields, bodyHandle] = value as OpenAnswer;
      const rest =
        bodyHandle === null || bodyHandle === 0
          ? undefined
          : await prepared.call({ op: 'rest', args: [bodyHandle], payload: undefined }, caller);
      return {
        status,
        statusText,
        url: finalUrl,
        redirected: redirected === 1,
        header: (name) =>
          fields.filter((_field, at) => at % 2 === 1 && fields[at - 1]?.toLowerCase() === name),
        body: Buffer.from(rest?.data ?? data ?? ''),
      };
    },
    async refused(url, spec) {
      try {
        await handle.fetch(url, spec);
      } catch (error) {
        assert.ok(HairspringError.is(error), String(error));
        return error;
      }
      return assert.fail(`${url} was not refused`);
    },
    async code(url, spec) {
      return (await handle.refused(url, spec)).code;
    },
  };
  return handle;
}
