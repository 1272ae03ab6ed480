import { startTestNats } from '../test/support/nats.ts';
import { startHost, bundleFunction, parseNexfile, startRequestToWire, artifactUri } from '../src/host/index.ts';
import { connectNats, createControlClient, putArtifact } from '../src/control/index.ts';
import { createLogger } from '../src/core/index.ts';
import { mkdtempSync, readFileSync } from 'node:fs';
await using nats = await startTestNats();
const logger = createLogger((r) => console.log(r.level, r.message, JSON.stringify(r.fields)), 'debug');
const t0 = performance.now();
const host = await startHost({ nats: { servers: [nats.url] }, dataDir: mkdtempSync('/tmp/hs-'), logger });
console.log('host up', performance.now() - t0);
const nc = await connectNats({ servers: [nats.url] }, { name: 'x' });
const client = createControlClient(nc, { namespace: 'default' });
for (const ex of ['hello', 'kv-counter', 'wildcards']) {
  const file = `examples/${ex}/Nexfile`;
  const m = parseNexfile(readFileSync(file, 'utf8'), file);
  const b = await bundleFunction({ entry: (m.start.source as any).path, folder: `examples/${ex}` });
  const t1 = performance.now();
  await putArtifact(nc, b.digest, b.bytes);
  const r = await client.deploy({ name: m.name, description: m.description, workload_type: 'javascript', workload_lifecycle: 'function', tags: {}, run_request: JSON.stringify(startRequestToWire(m.start, { kind: 'uri', uri: artifactUri(b.digest) })) });
  console.log(r, performance.now() - t1, 'ms');
}
for (let i = 0; i < 3; i++) { const t = performance.now(); const r = await nc.request('greet.en.ada', '', { timeout: 2000 }); console.log(r.string(), r.headers?.toString(), performance.now() - t); }
console.log((await nc.request('count.home', '', { timeout: 2000 })).string());
console.log((await nc.request('count.home', '', { timeout: 2000 })).string());
console.log(await client.list());
const u = await client.undeploy('hello'); console.log(u);
try { await nc.request('greet.en.ada', ''); } catch (e) { console.log('after undeploy:', (e as Error).message); }
const t2 = performance.now(); await host[Symbol.asyncDispose](); console.log('stopped', performance.now() - t2);
await nc.close();
