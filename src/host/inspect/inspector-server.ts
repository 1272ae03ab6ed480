import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isIP } from 'node:net';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { type FunctionDefinition, HairspringError, nodeHttp } from '../../core/index.ts';
import type { InspectSession } from '../cells/index.ts';
import { listen } from '../listen.ts';

/** Largest message of a debugger; DevTools sends expressions and breakpoints. */
const MAX_MESSAGE_BYTES = 16 * 1024 ** 2;
/** The Chrome DevTools Protocol of V8's inspector. https://chromedevtools.github.io/devtools-protocol/v8/ */
const PROTOCOL_VERSION = '1.3';

export interface InspectorServerOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly targets: () => readonly FunctionDefinition[];
  /** @throws HS_FUNCTION_NOT_FOUND, HS_CELL_LOST */
  readonly attach: (
    target: FunctionDefinition,
    listen: (message: string | null) => void,
  ) => Promise<InspectSession>;
}

/** Disposing closes all sessions. Idempotent. */
export interface InspectorServer extends AsyncDisposable {
  /** `host:port`. */
  readonly address: string;
}

/**
 * Serves what Chrome's `chrome://inspect` and editors look for: one target per function, each a WebSocket
 * that speaks the Chrome DevTools Protocol with the function's isolate.
 * @throws HS_PORT_TAKEN, HS_USAGE when there is no such address
 */
export async function startInspectorServer(options: InspectorServerOptions): Promise<InspectorServer> {
  /** By function id: whoever knows it may debug, so it is not the function's own id, which others know. */
  const keys = new Map<string, string>();
  const keyOf = (id: string): string => {
    const key = keys.get(id) ?? randomUUID();
    keys.set(id, key);
    return key;
  };
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });
  const http = nodeHttp().createServer((request, response) => answer(request, response));
  http.on('upgrade', (request, socket, head) => {
    const target = options.targets().find(({ id }) => request.url === `/${keys.get(id)}`);
    if (target === undefined || !isOwnHost(request)) {
      socket.destroy();
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => void serve(webSocket, target));
  });

  async function serve(webSocket: WebSocket, target: FunctionDefinition): Promise<void> {
    const waiting: string[] = [];
    let session: InspectSession | undefined;
    webSocket.on('message', (data: RawData) => {
      const message = data.toString();
      if (session === undefined) waiting.push(message);
      else session.send(message);
    });
    webSocket.on('error', () => undefined);
    webSocket.on('close', () => session?.close());
    try {
      session = await options.attach(target, (message) => {
        if (message === null) webSocket.close();
        else webSocket.send(message);
      });
      for (const message of waiting) session.send(message);
      if (webSocket.readyState !== webSocket.OPEN) session.close();
    } catch (error) {
      webSocket.close(1011, HairspringError.from(error).message.slice(0, 100));
    }
  }

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const body = isOwnHost(request) ? describe(request.url ?? '') : undefined;
    response.writeHead(body === undefined ? 404 : 200, { 'Content-Type': 'application/json; charset=UTF-8' });
    response.end(body === undefined ? '' : JSON.stringify(body, undefined, 2));
  }

  function describe(url: string): unknown {
    if (url === '/json/version') return { Browser: 'hairspring', 'Protocol-Version': PROTOCOL_VERSION };
    if (url !== '/json' && url !== '/json/list') return undefined;
    return options.targets().map(({ id, name, namespace, version }) => ({
      id: keyOf(id),
      type: 'node',
      title: namespace === 'default' ? name : `${namespace}/${name}`,
      description: `version ${version}`,
      url: `hairspring://${namespace}/${name}`,
      devtoolsFrontendUrl: `devtools://devtools/bundled/js_app.html?experiments=true&v8only=true&ws=${address}/${keyOf(id)}`,
      webSocketDebuggerUrl: `ws://${address}/${keyOf(id)}`,
    }));
  }

  await listen(http, options, 'Cannot let debuggers attach', '--inspect');
  const { port } = http.address() as AddressInfo;
  const address = `${options.host}:${port}`;
  let closed: Promise<void> | undefined;
  return {
    address,
    async [Symbol.asyncDispose]() {
      closed ??= new Promise((resolve) => {
        for (const client of sockets.clients) client.terminate();
        http.close(() => resolve());
        http.closeAllConnections();
      });
      await closed;
    },
  };
}

/** A page that rebinds its own name to this machine's address gives itself away by that name. */
function isOwnHost({ headers }: IncomingMessage): boolean {
  const host = (headers.host ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return host === 'localhost' || isIP(host) !== 0;
}
