/** What Node itself makes of a WASI command per message: `node:wasi`, a fresh instance and files for its descriptors. */

import { closeSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WASI } from 'node:wasi';
import { connect } from '@nats-io/transport-node';
import { childOptions, serveParent } from '../src/measure/index.ts';

export interface WasiOptions {
  readonly url: string;
  readonly subject: string;
  /** The module, base64. */
  readonly module: string;
}

/** Node's types have the engine's types and not its values. */
const { WebAssembly: engine } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly Module: new (bytes: Uint8Array) => WebAssembly.Module;
    readonly Instance: new (module: WebAssembly.Module, imports: object) => object;
  };
};

const { url, subject, module } = childOptions<WasiOptions>();
const compiled = new engine.Module(Buffer.from(module, 'base64'));
const paths = ['in', 'out'].map((name) => join(tmpdir(), `hairspring-bench-wasi-${process.pid}-${name}`));
const [stdin = 0, stdout = 0] = paths.map((path) => openSync(path, 'w+'));
const reply = new Uint8Array(1024 ** 2);

function run(payload: Uint8Array): Uint8Array {
  ftruncateSync(stdin);
  ftruncateSync(stdout);
  writeSync(stdin, payload, 0, payload.length, 0);
  // Each instance has its own position only in a descriptor of its own.
  const own = [openSync(`/dev/fd/${stdin}`, 'r'), openSync(`/dev/fd/${stdout}`, 'w')];
  const wasi = new WASI({ version: 'preview1', args: ['echo', subject], stdin: own[0], stdout: own[1] });
  wasi.start(new engine.Instance(compiled, wasi.getImportObject()));
  for (const descriptor of own) closeSync(descriptor);
  return reply.subarray(0, readSync(stdout, reply, 0, reply.length, 0));
}

const nc = await connect({ servers: url });
nc.subscribe(subject, {
  queue: 'bench',
  callback: (error, message) => {
    if (error === null) message.respond(run(message.data).slice());
  },
});
await nc.flush();
serveParent({}, async () => {
  await nc.close();
  for (const path of paths) rmSync(path, { force: true });
});
