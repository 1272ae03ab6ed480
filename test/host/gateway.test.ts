import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  type Clock,
  createLogger,
  DEFAULT_LIMITS,
  type FunctionDefinition,
  HairspringError,
  type HttpAnswer,
  type HttpAsk,
  type HttpTrigger,
  parseRoute,
  systemClock,
} from '../../src/core/index.ts';
import { unknownDefinition } from '../../src/host/deployments/unknown-definition.ts';
import { type Gateway, type GatewayOptions, RouteTable, startGateway } from '../../src/host/http/index.ts';
import { GATEWAY_LIMITS } from '../../src/host/http/limits.ts';
import { Load } from '../../src/host/http/load.ts';
import { until } from '../support/load.ts';
import { openRaw, rawRequest, readRaw, sendRaw } from '../support/raw-http.ts';

const OK: HttpAnswer = { status: 200, headers: [], body: 'ok' };

function definitionOf(name: string, pattern: string, namespace = 'default'): FunctionDefinition {
  const parsed = parseRoute(pattern);
  assert.ok(typeof parsed !== 'string');
  const trigger: HttpTrigger = { kind: 'http', ...parsed, methods: [] };
  return {
    ...unknownDefinition(namespace, name, new Uint8Array()),
    id: `${namespace}-${name}`,
    triggers: [trigger],
  };
}

/** @param signal aborted when nobody waits for the answer any more */
type Answering = (definition: FunctionDefinition, ask: HttpAsk, signal: AbortSignal) => Promise<HttpAnswer>;

/** A gateway whose one function is `answering`, at every path. */
async function open(answering: Answering, options: Partial<GatewayOptions> = {}): Promise<Gateway> {
  const routes = new RouteTable();
  routes.set(definitionOf('all', '/*'));
  return await startGateway({
    host: '127.0.0.1',
    port: 0,
    names: {},
    ownNamespace: 'default',
    routes,
    clock: systemClock,
    logger: createLogger(() => undefined, 'error'),
    ask(definition, ask) {
      const gone = new AbortController();
      return { answer: answering(definition, ask, gone.signal), abandon: () => gone.abort() };
    },
    ...options,
  });
}

test('A request that does not arrive in time is 408, and so is one whose body stalls', async () => {
  await using gateway = await open(async () => OK, { arrivalMs: { headers: 300, request: 600 } });
  const headless = await openRaw(gateway.url);
  headless.write('GET / HTTP/1.1\r\nX-A');
  const bodiless = await openRaw(gateway.url);
  bodiless.write(rawRequest(gateway.url, 'POST /', ['Content-Length: 5'], 'ab'));
  for (const socket of [headless, bodiless]) {
    const { statuses, text } = await readRaw(socket);
    assert.deepEqual(statuses, [408]);
    assert.match(text, /HS_GATEWAY_TIMEOUT/);
  }
});

test('A cell that does not answer costs its client the time of the function, and is told', async () => {
  const due: { readonly delayMs: number; readonly action: () => void }[] = [];
  const clock: Clock = {
    ...systemClock,
    after(delayMs, action) {
      due.push({ delayMs, action });
      return () => undefined;
    },
  };
  let told = false;
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  await using gateway = await open(
    (_definition, _ask, signal) => {
      signal.addEventListener('abort', () => {
        told = true;
      });
      resolve();
      return new Promise(() => undefined);
    },
    { clock },
  );
  const response = fetch(gateway.url);
  await asked;
  const [deadline] = due;
  assert.equal(deadline?.delayMs, DEFAULT_LIMITS.timeoutMs + 2_000);
  deadline?.action();
  assert.equal((await response).status, 504);
  assert.ok(told);
});

test('Past the requests that one namespace may have in hand its next one is 503, and another namespace is served', async () => {
  const { promise: release, resolve } = Promise.withResolvers<HttpAnswer>();
  const routes = new RouteTable();
  routes.set(definitionOf('own', '/*'));
  routes.set(definitionOf('other', '/*', 'red'));
  const names = { 'red.example': 'red' };
  await using gateway = await open(({ namespace }) => (namespace === 'red' ? Promise.resolve(OK) : release), {
    routes,
    names,
  });
  const held = Array.from({ length: 256 }, () => fetch(gateway.url));
  let busy = await fetch(gateway.url);
  while (busy.status !== 503) busy = await fetch(gateway.url, { signal: AbortSignal.timeout(10_000) });
  assert.equal(busy.headers.get('retry-after'), '1');
  assert.equal(((await busy.json()) as { code: string }).code, 'HS_GATEWAY_BUSY');
  const red = await sendRaw(gateway.url, 'GET / HTTP/1.1\r\nHost: red.example\r\nConnection: close\r\n\r\n');
  assert.equal(red.status, 200);
  resolve(OK);
  const statuses = (await Promise.all(held)).map(({ status }) => status);
  assert.ok(statuses.filter((status) => status === 200).length >= 255);
});

test('Bodies count as long as their request is in hand, and those of one namespace leave room for others', () => {
  const load = new Load();
  const own = load.begin('default');
  own.hold(50 * 1024 ** 2);
  const second = load.begin('default');
  assert.throws(() => second.hold(31 * 1024 ** 2), { code: 'HS_GATEWAY_BUSY', message: /of the namespace/ });
  const other = load.begin('red');
  other.hold(48 * 1024 ** 2);
  own[Symbol.dispose]();
  own.hold(80 * 1024 ** 2);
  second.hold(80 * 1024 ** 2);
  assert.throws(() => load.begin('blue').hold(1), {
    code: 'HS_GATEWAY_BUSY',
    message: /bodies to its limit/,
  });
});

test('A body that comes in a chunk for each byte takes no more memory than another', async () => {
  const bytes = 200_000;
  const { promise: asked, resolve: onAsked } = Promise.withResolvers<Uint8Array>();
  const { promise: release, resolve } = Promise.withResolvers<HttpAnswer>();
  await using gateway = await open((_definition, { body }) => {
    onAsked(body);
    return release;
  });
  const collect = collector();
  const socket = await openRaw(gateway.url);
  const head = rawRequest(gateway.url, 'POST /', ['Transfer-Encoding: chunked']);
  collect();
  const before = memoryInUse();
  socket.write(`${head}${'1\r\nx\r\n'.repeat(bytes)}0\r\n\r\n`);
  const body = await asked;
  assert.deepEqual(Buffer.from(body), Buffer.alloc(bytes, 'x'));
  await until('nothing else is kept', () => {
    collect();
    return memoryInUse() - before < 8 * 1024 ** 2;
  });
  resolve(OK);
  assert.equal((await readRaw(socket)).statuses[0], 200);
});

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

function memoryInUse(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test('Clients that go away leave nothing in hand, whether their answers are out or still come', async () => {
  const { promise: late, resolve } = Promise.withResolvers<HttpAnswer>();
  let asked = 0;
  let told = 0;
  await using gateway = await open((_definition, { url }, signal) => {
    if (url.endsWith('/now')) return Promise.resolve(OK);
    asked += 1;
    signal.addEventListener('abort', () => {
      told += 1;
    });
    return late;
  });
  const { host } = new URL(gateway.url);
  const socket = await openRaw(gateway.url);
  // All but the first wait for their turn on the connection.
  socket.write(`GET /late HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(200));
  await until('they are in hand', () => asked === 200);
  socket.destroy();
  await until('they are taken back', () => told === 200);
  resolve({ ...OK, body: new Uint8Array(8 * 1024 ** 2) });
  await late;
  const statuses = await Promise.all(
    Array.from({ length: 200 }, async () => (await fetch(`${gateway.url}/now`)).status),
  );
  assert.deepEqual(new Set(statuses), new Set([200]));
});

test('A gateway that drains answers what it has, and takes nothing more', async () => {
  const { promise: release, resolve } = Promise.withResolvers<HttpAnswer>();
  const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>();
  await using gateway = await open(() => {
    onAsked();
    return release;
  });
  const socket = await openRaw(gateway.url);
  const { host } = new URL(gateway.url);
  socket.write(`GET /first HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await asked;
  const drained = gateway.drain();
  await assert.rejects(fetch(gateway.url), TypeError);
  resolve(OK);
  const { statuses, head } = await readRaw(socket);
  assert.deepEqual(statuses, [200]);
  assert.match(head, /connection: close/i);
  await drained;
});

test('A gateway has drained when a slow reader has all of its response', async () => {
  // More than the system takes of it for both ends of a connection.
  const bytes = 64 * 1024 ** 2;
  await using gateway = await open(async () => ({ ...OK, body: new Uint8Array(bytes) }));
  const socket = await openRaw(gateway.url);
  socket.pause();
  socket.write(rawRequest(gateway.url, 'GET /', []));
  await until('the response has begun', () => socket.bytesRead > 0);
  let hasDrained = false;
  const drained = gateway.drain().then(() => {
    hasDrained = true;
  });
  await sleep(50);
  assert.equal(hasDrained, false);
  let read = 0;
  for await (const chunk of socket) read += (chunk as Buffer).length;
  assert.ok(read > bytes, `${read} bytes`);
  await drained;
});

test('A function is not run when there would be no room for its response, and a response without room is not to be repeated', async () => {
  const bytes = 8 * 1024 ** 2;
  let asked = 0;
  const { promise: all, resolve } = Promise.withResolvers<void>();
  await using gateway = await open(async () => {
    asked += 1;
    if (asked === 11) resolve();
    await all;
    return { ...OK, body: new Uint8Array(bytes) };
  });
  const sockets = await Promise.all(Array.from({ length: 11 }, () => openRaw(gateway.url)));
  const heads: string[] = [];
  for (const socket of sockets) {
    socket.write(rawRequest(gateway.url, 'GET /', []));
    socket.once('data', (chunk: Buffer) => {
      heads.push(chunk.toString('latin1'));
      socket.pause();
    });
  }
  await until('each has an answer', () => heads.length === 11);
  const lost = heads.filter((head) => /^HTTP\/1.1 500 /.test(head));
  assert.equal(lost.length, 1);
  assert.match(lost[0] ?? '', /HS_GATEWAY_RESPONSE_LOST/);
  assert.doesNotMatch(lost[0] ?? '', /retry-after/i);
  const next = await fetch(gateway.url);
  assert.equal(next.status, 503);
  assert.equal(((await next.json()) as { code: string }).code, 'HS_GATEWAY_BUSY');
  assert.equal(asked, 11);
  for (const socket of sockets) socket.destroy();
});

test('The time that a client has to read a response begins when its connection comes to it', async () => {
  const waits: number[] = [];
  const clock: Clock = {
    ...systemClock,
    after(delayMs, action) {
      waits.push(delayMs);
      return systemClock.after(delayMs, action);
    },
  };
  const { promise: release, resolve } = Promise.withResolvers<HttpAnswer>();
  let answered = 0;
  await using gateway = await open(
    async (_definition, { url }) => {
      if (url.endsWith('/slow')) return await release;
      answered += 1;
      return { ...OK, body: new Uint8Array(64 * 1024 ** 2) };
    },
    { clock },
  );
  const socket = await openRaw(gateway.url);
  socket.pause();
  const responseMs = () => waits.filter((ms) => ms === GATEWAY_LIMITS.responseMs).length;
  const { host } = new URL(gateway.url);
  for (const path of ['/slow', '/next']) socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await until('the second is answered', () => answered === 1);
  await sleep(20);
  assert.equal(responseMs(), 0);
  resolve(OK);
  await until('its time has begun', () => responseMs() > 0);
  socket.destroy();
});

test('No clock goes on for requests that are answered, be it with an error behind another response', async () => {
  const armed = new Set<() => void>();
  const clock: Clock = {
    ...systemClock,
    after(delayMs, action) {
      const stop = systemClock.after(delayMs, action);
      const disarm = (): void => {
        stop();
        armed.delete(disarm);
      };
      armed.add(disarm);
      return disarm;
    },
  };
  const { promise: release, resolve } = Promise.withResolvers<HttpAnswer>();
  const { promise: failed, resolve: onFailed } = Promise.withResolvers<void>();
  await using gateway = await open(
    async (_definition, { url }) => {
      if (url.endsWith('/first')) return release;
      onFailed();
      throw new HairspringError('HS_FUNCTION_THREW', 'It threw');
    },
    { clock },
  );
  const { host } = new URL(gateway.url);
  const socket = await openRaw(gateway.url);
  socket.write(
    `GET /first HTTP/1.1\r\nHost: ${host}\r\n\r\nGET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
  );
  await failed;
  await sleep(20);
  resolve(OK);
  assert.deepEqual((await readRaw(socket)).statuses, [200, 500]);
  await until('all are stopped', () => armed.size === 0);
});

test('What a broken cell says is no header of a response', async () => {
  const bad: readonly (readonly string[])[] = [
    ['X-A', 'b\r\nX-Stolen: 1'],
    ['X-A: b\r\nX-Stolen', '1'],
    ['X A', 'b'],
    ['', 'b'],
    ['X-A', 'b\0'],
    ['X-A', '\u0100'],
  ];
  let headers: readonly string[] = [];
  await using gateway = await open(async () => ({ ...OK, headers }));
  for (headers of bad) {
    const { statuses, text } = await sendRaw(gateway.url, rawRequest(gateway.url, 'GET /'));
    assert.deepEqual(statuses, [500], JSON.stringify(headers));
    assert.doesNotMatch(text, /stolen/i);
  }
});

test('Fields are sent as Latin-1 and text as UTF-8', async () => {
  await using gateway = await open(async () => ({ ...OK, headers: ['X-Name', 'café'], body: 'café' }));
  const socket = await openRaw(gateway.url);
  socket.write(rawRequest(gateway.url, 'GET /', []));
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const sent = Buffer.concat(chunks);
  assert.ok(sent.includes(Buffer.from('X-Name: caf\xe9\r\n', 'latin1')));
  assert.ok(sent.includes('\r\n\r\ncafé'));
  assert.match(sent.toString('latin1'), /content-length: 5\r\n/i);
});

test('What goes wrong inside is told by its code and nothing else', async () => {
  await using gateway = await open(async () => {
    throw new Error('ECONNREFUSED /secret/path');
  });
  const response = await fetch(gateway.url);
  assert.equal(response.status, 500);
  assert.deepEqual(await response.json(), {
    type: 'about:blank',
    title: 'Hairspring failed in a way it does not know',
    status: 500,
    code: 'HS_INTERNAL',
    retryable: true,
  });
});

test('A port that is in use is refused, or another one is taken where that is allowed', async () => {
  await using first = await open(async () => OK);
  const port = Number(new URL(first.url).port);
  await assert.rejects(
    open(async () => OK, { port }),
    { code: 'HS_PORT_TAKEN' },
  );
  await using second = await open(async () => OK, { port, otherPorts: [port, 0] });
  assert.notEqual(second.url, first.url);
  assert.equal(await (await fetch(second.url)).text(), 'ok');
  await assert.rejects(
    open(async () => OK, { host: '192.0.2.1' }),
    HairspringError,
  );
});
