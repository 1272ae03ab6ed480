/** One contract for all host services: configure, validate, prepare, call, end, and what belongs around it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { renderEnvTypes } from '../../src/cli/types/env-types.ts';
import {
  type Binding,
  HairspringError,
  type PreparedBinding,
  type ServiceBinding,
} from '../../src/core/index.ts';
import { parseDefinition } from '../../src/host/deployments/definition-schema.ts';
import { parseStartRequest, startRequestToWire } from '../../src/host/manifest/index.ts';
import { compareGrants, isWidening } from '../../src/hostservices/grant-changes.ts';
import { createHostServices } from '../../src/hostservices/index.ts';
import { bindingPermissions } from '../../src/hostservices/permissions.ts';
import { BINDING_SCHEMAS } from '../../src/hostservices/schemas.ts';
import { suggestGrant } from '../../src/hostservices/suggest-grants.ts';
import { createTestFunction, handlerOf } from '../support/functions.ts';
import { inInvocation } from '../support/grant-matrix/matrix.ts';
import { connectTo, startTestNats, type TestNats } from '../support/nats.ts';
import { createSpec } from '../support/spec.ts';
import { turns, until } from '../support/turns.ts';
import { CONFORMANCE, type Conformance, type ServiceName } from './conformance.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const SERVICES = Object.entries(CONFORMANCE) as [ServiceName, Conformance][];
/** No message is longer, whatever a guest names. */
const MAX_MESSAGE_CHARS = 4_096;

let server: TestNats;
let nc: NatsConnection;

before(async () => {
  server = await startTestNats();
  nc = await connectTo(server);
  for (const [, { prepareServer }] of SERVICES) await prepareServer?.(nc);
});

after(async () => {
  await nc?.close();
  await server?.[Symbol.asyncDispose]();
});

function parse(written: object): Binding {
  const { bindings } = parseStartRequest({ uri: 'nats://a/b', bindings: { ONE: written } });
  assert.ok(bindings['ONE'] !== undefined);
  return bindings['ONE'];
}

function prepareOver(connection: NatsConnection, written: object): PreparedBinding {
  const binding = parse(written);
  assert.ok(binding.service !== 'secret');
  return prepareBinding(connection, binding);
}

function prepareBinding(connection: NatsConnection, binding: ServiceBinding): PreparedBinding {
  return createHostServices(connection)[binding.service].prepare('ONE', binding);
}

/** Whether what has become of a call is a result or a coded error. @returns the error */
async function settle(label: string, call: Promise<unknown>): Promise<HairspringError | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    assert.ok(HairspringError.is(error), `${label}: ${error instanceof Error ? error.stack : String(error)}`);
    assert.notEqual(error.code, 'HS_INTERNAL', `${label}: ${error.message}`);
    assert.ok(error.message.length <= MAX_MESSAGE_CHARS, `${label}: ${error.message.length} characters`);
    return error;
  }
}

test('Every host service, and every key of a binding but that of secrets, is in the suite', () => {
  assert.deepEqual(Object.keys(CONFORMANCE).toSorted(), Object.keys(createHostServices(nc)).toSorted());
  const keys = SERVICES.flatMap(([, { keys: own }]) => own);
  assert.deepEqual([...keys, 'secret'].toSorted(), Object.keys(BINDING_SCHEMAS).toSorted());
  for (const [service, { operations, table }] of SERVICES)
    assert.deepEqual(Object.keys(operations).toSorted(), table.toSorted(), service);
});

for (const [service, conformance] of SERVICES) {
  const { keys, written, refused, narrower, suggestion, operations, held, type } = conformance;
  const [granted] = written;

  test(`${service}: a Nexfile's binding is taken, and an unknown key, a reserved or a malformed name is refused`, () => {
    for (const binding of written) assert.equal(parse(binding).service, service);
    for (const binding of [...refused, ...written.map((one) => ({ ...one, surprise: 1 }))])
      assert.throws(() => parse(binding), { code: 'HS_NEXFILE_INVALID' }, JSON.stringify(binding));
  });

  test(`${service}: a binding with every key survives the way to the node and into the store`, () => {
    const known = keys.flatMap((key) => {
      const { properties } = z.toJSONSchema(BINDING_SCHEMAS[key], { io: 'input' });
      return Object.keys(properties ?? {});
    });
    const tried = new Set(written.flatMap((binding) => Object.keys(binding)));
    assert.deepEqual(
      known.filter((key) => !tried.has(key)),
      [],
    );
    for (const one of written) {
      const start = parseStartRequest({ uri: 'nats://a/b', bindings: { ONE: one } });
      const again = parseStartRequest(JSON.stringify(startRequestToWire(start)));
      assert.deepEqual(again.bindings, start.bindings);
      assert.deepEqual(stored(start.bindings), start.bindings);
    }
  });

  test(`${service}: to prepare a binding takes no wait and no word to the server`, async () => {
    const own = await connectTo(server);
    const { outMsgs } = own.stats();
    const said: string[] = [];
    for (const method of ['publish', 'subscribe', 'request', 'requestMany', 'flush'] as const) {
      const original = own[method].bind(own) as (...args: unknown[]) => unknown;
      Object.defineProperty(own, method, {
        value: (...args: unknown[]) => {
          said.push(method);
          return original(...args);
        },
      });
    }
    const prepared = prepareOver(own, granted);
    assert.equal(typeof prepared.call, 'function');
    assert.deepEqual(said, []);
    assert.equal(own.stats().outMsgs, outMsgs);
    await own.close();
  });

  test(`${service}: an operation that does not exist is a coded error that names it in short`, async () => {
    const prepared = prepareOver(nc, granted);
    for (const op of ['', 'constructor', '__proto__', 'toString', 'GET', 'x'.repeat(100_000)]) {
      const error = await settle(
        op,
        inInvocation(prepared, (call) => call(op, [])),
      );
      assert.equal(error?.code, 'HS_HOST_CALL_INVALID', op.slice(0, 20));
      assert.match(error.message, /ONE/);
    }
  });

  test(`${service}: wrong, missing, extra and over-long arguments and payloads are coded errors`, async () => {
    const prepared = prepareOver(nc, granted);
    for (const [op, { args, payload }] of Object.entries(operations)) {
      for (const variant of variantsOf(args)) {
        const label = `${op}(${JSON.stringify(variant).slice(0, 200)})`;
        await settle(
          label,
          inInvocation(prepared, (call) => call(op, variant, payload)),
        );
      }
      for (const body of [
        undefined,
        '',
        '\ud800',
        new Uint8Array(0),
        new Uint8Array(2 * 1024 ** 2),
        'x'.repeat(2 ** 21),
      ])
        await settle(
          `${op} with a payload`,
          inInvocation(prepared, (call) => call(op, args, body)),
        );
    }
  });

  test(`${service}: what an invocation has left open is given back when it ends`, async () => {
    const prepared = prepareOver(nc, granted);
    const mayHold = Object.keys(operations).includes('next');
    // What http leaves open takes a server to fetch from: http-streams.test.ts has it.
    assert.equal(held.length > 0, mayHold && service !== 'http');
    assert.equal(typeof prepared.ended, mayHold ? 'function' : 'undefined');
    // More than one function may have open at once, one invocation after the other.
    for (let round = 0; round < (held.length > 0 ? 300 : 0); round += 1) {
      for (const { open, goOn } of round < 3 ? held : held.slice(0, 1)) {
        const handle = await inInvocation(prepared, open);
        assert.equal(typeof handle, 'number');
        const error = await settle(
          goOn,
          inInvocation(prepared, (call) => call(goOn, [Number(handle)], 'x')),
        );
        assert.equal(error?.code, 'HS_HOST_CALL_INVALID', goOn);
      }
    }
    const { leftovers } = conformance;
    if (leftovers !== undefined) await until(async () => (await leftovers(nc)) === 0);
  });

  test(`${service}: what is opened after its invocation has ended is there for others until that is said once more`, async () => {
    const prepared = prepareOver(nc, granted);
    for (const { open, goOn } of held) {
      const caller = { id: -1, deadlineMs: Number.POSITIVE_INFINITY };
      const handle = await open((op, args, payload) => {
        const opening = prepared.call({ op, args, payload }, caller);
        prepared.ended?.(caller.id);
        return opening;
      });
      const goesOn = (): Promise<HairspringError | undefined> =>
        settle(
          goOn,
          inInvocation(prepared, (call) => call(goOn, [Number(handle)], 'x')),
        );
      const refused = { is: false };
      const first = goesOn().then((error) => {
        refused.is = error?.code === 'HS_HOST_CALL_INVALID';
      });
      await turns();
      assert.equal(refused.is, false, goOn);
      prepared.ended?.(caller.id);
      await first;
      assert.equal((await goesOn())?.code, 'HS_HOST_CALL_INVALID', goOn);
    }
    const { leftovers } = conformance;
    if (leftovers !== undefined) await until(async () => (await leftovers(nc)) === 0);
  });

  test(`${service}: after its connection is closed a binding gives coded errors, and ends`, async () => {
    const own = await connectTo(server);
    const prepared = prepareOver(own, granted);
    await inInvocation(prepared, async (call) => {
      for (const { open } of held) await open(call);
      await own.close();
      for (const [op, { args, payload }] of Object.entries(operations))
        await settle(op, call(op, args, payload));
    });
  });

  test(`${service}: a wider grant is told from a narrower one`, () => {
    const [wide, narrow] = [parse(granted), parse(narrower)];
    assert.deepEqual(compareGrants({ ONE: wide }, { ONE: wide }), []);
    const [widened] = compareGrants({ ONE: narrow }, { ONE: wide });
    const [narrowed] = compareGrants({ ONE: wide }, { ONE: narrow });
    assert.ok(widened !== undefined && isWidening(widened));
    assert.ok(narrowed !== undefined && !isWidening(narrowed));
  });

  test(`${service}: the smallest grant that covers what was called is suggested`, () => {
    const [uses, smallest] = suggestion;
    const { binding } = suggestGrant(parse(granted), uses, { generalize: undefined });
    assert.deepEqual(binding, parse(smallest));
  });

  test(`${service}: the permissions of its NATS user name no more than the binding does`, () => {
    const wide = bindingPermissions(parse(granted), 'default').publish;
    assert.equal(wide.length > 0, service !== 'http');
    for (const subject of wide)
      assert.doesNotMatch(subject, /^(>|\*|\$JS\.API\.>|\$JS\.>|\$KV\.>|\$O\.>|\$SYS|_)/);
    assert.ok(bindingPermissions(parse(narrower), 'default').publish.length <= wide.length);
  });

  test(`${service}: every operation is called by its guest script, and every method is typed and documented`, async () => {
    const script = read(`src/hostservices/${service}/guest.js`) + read('src/hostservices/shared/guest.js');
    const fetching =
      service === 'http'
        ? ['fetch', 'host-body', 'upload']
            .map((file) => read(`src/runtime/guest/web/fetch/${file}.ts`))
            .join('')
        : '';
    for (const op of Object.keys(operations))
      assert.match(script + fetching, new RegExp(`['"]${op}['"]`), `nothing calls ${op}`);
    const binding = parse(granted);
    using probe = createTestFunction(handlerOf('return Object.keys(env.ONE).join();'), {
      bindings: { ONE: binding },
    });
    const methods = (await probe.text()).split(',');
    assert.match(
      renderEnvTypes({ bindings: { ONE: binding }, environment: {} }),
      new RegExp(`readonly ONE: ${type};`),
    );
    const members = membersOf(type);
    assert.deepEqual(members.toSorted(), methods.toSorted());
    const documented = read('docs/functions.md');
    for (const method of methods)
      assert.match(documented, new RegExp(`\\b${method}\\b`), `${method} is not documented`);
    assert.match(read('docs/nexfile.md'), new RegExp(`\\| \`${keys[0]}\` \\|`));
  });
}

/** The bindings of a definition that was stored and read. */
function stored(bindings: Readonly<Record<string, Binding>>): unknown {
  const definition = {
    ...createSpec({ bindings }),
    format: 1,
    description: '',
    tags: {},
    metadata: {},
    deployedAt: '2026-01-01T00:00:00Z',
    runRequest: '{}',
  };
  const read = parseDefinition(Buffer.from(JSON.stringify(definition)));
  assert.ok(read !== undefined, 'a definition with it cannot be read');
  return read.bindings;
}

/** Of an interface of guest.d.ts. */
function membersOf(type: string): readonly string[] {
  const body =
    new RegExp(`^export interface ${type} \\{\\n(.*?)^\\}`, 'ms').exec(read('guest.d.ts'))?.[1] ?? '';
  const found = [...body.matchAll(/^ {2}(?:readonly )?(\w+)[(:]/gm)].map(([, name = '']) => name);
  assert.ok(found.length > 0, `guest.d.ts has no interface ${type}`);
  return found;
}

type Argument = string | number | null;

const ODD: readonly Argument[] = [
  null,
  0,
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.MAX_SAFE_INTEGER,
  '',
  ' ',
  '\0',
  '\ud800',
  '>',
  '*',
  'a..b',
  '$KV.x',
  '__proto__',
  '{',
  'null',
  '[]',
  '[1,2]',
  '{"__proto__":null,"headers":1}',
  'x'.repeat(1024 ** 2),
];

/** The arguments with one of them odd, with one missing, and with more than there should be. */
function variantsOf(args: readonly Argument[]): readonly (readonly Argument[])[] {
  return [
    [],
    args.slice(0, -1),
    [...args, ...Array.from({ length: 100 }, () => 'more')],
    ...args.flatMap((_given, at) => ODD.map((odd) => args.with(at, odd))),
  ];
}
