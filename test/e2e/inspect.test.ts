/** A debugger attached to a function, as Chrome DevTools attaches. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, test } from 'node:test';
import { WebSocket } from 'ws';
import { startTestHost } from '../support/host.ts';
import { ABORT, ABORT_LIMITS } from '../support/killer.ts';
import { until } from '../support/load.ts';

const world = await startTestHost({ inspect: { host: '127.0.0.1', port: 0 } });
after(() => world[Symbol.asyncDispose]());
const address = world.host.inspectAddress ?? '';

interface Target {
  readonly title: string;
  readonly webSocketDebuggerUrl: string;
}

interface ProtocolMessage {
  readonly id?: number;
  readonly method?: string;
  // biome-ignore lint/suspicious/noExplicitAny: the protocol's own shapes
  readonly params?: any;
  // biome-ignore lint/suspicious/noExplicitAny: the protocol's own shapes
  readonly result?: any;
}

async function targetOf(name: string): Promise<Target> {
  const targets = (await (await fetch(`http://${address}/json/list`)).json()) as Target[];
  const target = targets.find(({ title }) => title === name);
  assert.ok(target !== undefined, `${name} is not among ${targets.map(({ title }) => title).join(', ')}`);
  return target;
}

async function attach(name: string) {
  const socket = new WebSocket((await targetOf(name)).webSocketDebuggerUrl);
  const received: ProtocolMessage[] = [];
  const waiting: (() => void)[] = [];
  socket.on('message', (data) => {
    received.push(JSON.parse(String(data)) as ProtocolMessage);
    for (const wake of waiting.splice(0)) wake();
  });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const find = async (wanted: (message: ProtocolMessage) => boolean): Promise<ProtocolMessage> => {
    for (;;) {
      const found = received.find(wanted);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  let lastId = 0;
  return {
    socket,
    event: (method: string) => find((message) => message.method === method),
    async send(method: string, params: object = {}) {
      lastId += 1;
      const id = lastId;
      socket.send(JSON.stringify({ id, method, params }));
      return (await find((message) => message.id === id)).result;
    },
  };
}

test('A debugger stops a function, looks at its variables, and lets it go on, while others are served', async () => {
  await world.deploy({
    name: 'stopped',
    limits: { timeout: '300ms', cpu: '50ms' },
    code: 'export default { message(msg) { const seen = msg.text(); debugger; return seen.toUpperCase(); } };',
  });
  await world.deploy({ name: 'other', code: 'export default { message: () => "here" };' });
  const inspector = await attach('stopped');
  await inspector.send('Runtime.enable');
  await inspector.send('Debugger.enable');
  const asked = world.ask('stopped', 'word');
  const { params } = await inspector.event('Debugger.paused');
  const [frame] = params.callFrames;
  const { result } = await inspector.send('Debugger.evaluateOnCallFrame', {
    callFrameId: frame.callFrameId,
    expression: 'seen + "!"',
  });
  assert.equal(result.value, 'word!');
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal((await world.ask('other')).text, 'here');
  await inspector.send('Debugger.resume');
  assert.equal((await asked).text, 'WORD');
  const { params: script } = await inspector.event('Debugger.scriptParsed');
  assert.ok(script.scriptId !== undefined);
  inspector.socket.close();
});

test('What a debugger evaluates while nothing runs may call the host, as late as it likes', async () => {
  await world.deploy({ name: 'looked-at', code: 'export default { message: () => "here" };' });
  const inspector = await attach('looked-at');
  await inspector.send('Runtime.enable');
  // Longer than a function may load, which is the last limit that held.
  await new Promise((resolve) => setTimeout(resolve, 600));
  const expression =
    'console.log("seen"); [typeof performance.now(), new URL("http://a.example").host].join()';
  const { params } = await inspector.event('Runtime.executionContextCreated');
  const answer = await inspector.send('Runtime.evaluate', { expression, contextId: params.context.id });
  assert.equal(answer.result.value, 'number,a.example', JSON.stringify(answer));
  assert.equal((await world.ask('looked-at')).text, 'here');
  inspector.socket.close();
});

test('A debugger that goes away lets a stopped function go on', async () => {
  await world.deploy({
    name: 'left',
    code: 'export default { message() { debugger; return "done"; } };',
  });
  // Now and then V8 is still about to stop when the goodbye comes.
  for (let round = 0; round < 10; round += 1) {
    const inspector = await attach('left');
    await inspector.send('Debugger.enable');
    const asked = world.ask('left');
    await inspector.event('Debugger.paused');
    inspector.socket.close();
    assert.equal((await asked).text, 'done');
  }
});

test('A debugger attaches to a function in quarantine', async () => {
  await world.deploy({
    name: 'kills',
    code: `export default { message(msg) { return msg.text() === 'good' ? 'good' : ${ABORT}; } };`,
    limits: ABORT_LIMITS,
  });
  const isServed = async () => (await world.ask('kills', 'good')).outcome === 'ok';
  for (let count = 1; count <= 2; count += 1) {
    await until('it is served', isServed);
    assert.equal((await world.ask('kills', 'bad')).outcome, 'HS_FUNCTION_CRASHED');
  }
  await until('it is served', isServed);
  const inspector = await attach('kills');
  await inspector.send('Runtime.enable');
  const { params } = await inspector.event('Runtime.executionContextCreated');
  assert.ok(params.context.id !== undefined);
  inspector.socket.close();
});

test('A page that comes by another name is refused, and so is who does not know the key', async () => {
  const status = await new Promise((resolve, reject) => {
    const [host, port] = address.split(':');
    request({ host, port, path: '/json', headers: { Host: 'evil.example:9229' } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
  assert.equal(status, 404);
  const socket = new WebSocket(`ws://${address}/00000000-0000-0000-0000-000000000000`);
  const error = await new Promise((resolve) => socket.once('error', resolve));
  assert.ok(error instanceof Error);
});
