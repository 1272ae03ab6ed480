/**
 * The thin wrappers that adapt a function of ours to the handler shape of each peer. A bundle is a script that sets
 * `__hairspring_module`; what it exports has `message(msg)`, and a reply that is not text goes out as JSON.
 */

const REPLY = `
const handler = __hairspring_module.default;
async function replyTo(text) {
  const reply = await handler.message({ text: () => text });
  return typeof reply === 'string' ? reply : JSON.stringify(reply);
}
`;

/** As different programs have different code: the script of each tenant ends with its name. */
export const nameOf = (tenant: number | string): string => `\n// tenant ${tenant}\n`;

/** For the loader and as a static worker of workerd. */
export function workerdScript(code: string): string {
  return `${code}${REPLY}
export default {
  async fetch(request) {
    return new Response(await replyTo(await request.text()));
  },
};
`;
}

/** A worker of workerd that has each path answered by a dynamic worker of its own; `source` is its code. */
export const WORKERD_LOADER_SCRIPT = `import source from 'source';

export default {
  fetch(request, env) {
    const tenant = new URL(request.url).pathname;
    const worker = env.LOADER.get(tenant, () => ({
      compatibilityDate: '${compatibilityDate()}',
      mainModule: 'main.js',
      modules: { 'main.js': source + '\\n// tenant ' + tenant + '\\n' },
      globalOutbound: null,
    }));
    return worker.getEntrypoint().fetch(request);
  },
};
`;

/** Of all workers of workerd: not later than the version that bench/peers pins. */
export function compatibilityDate(): string {
  return '2026-11-01';
}

/** A program for Deno that serves HTTP and prints its port. */
export function denoServeScript(code: string): string {
  return `${code}${REPLY}
Deno.serve(
  { hostname: '127.0.0.1', port: 0, onListen: ({ port }) => console.log(JSON.stringify({ port })) },
  async (request) => new Response(await replyTo(await request.text())),
);
`;
}

/** A program for Deno that answers what it reads, as one line of JSON. */
export function denoRunScript(code: string): string {
  return `${code}${REPLY}
const reply = await replyTo(await new Response(Deno.stdin.readable).text());
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(reply) + '\\n'));
`;
}

/** The same for Node. */
export function nodeRunScript(code: string): string {
  return `${code}${REPLY}
const chunks = [];
process.stdin.on('data', (chunk) => chunks.push(chunk));
process.stdin.on('end', async () => {
  process.stdout.write(JSON.stringify(await replyTo(Buffer.concat(chunks).toString())) + '\\n');
});
`;
}

/** The script of a worker thread that answers requests, a list in each message of the thread that made it. */
export function workerThreadScript(code: string): string {
  return `${code}${REPLY}
const { parentPort } = require('node:worker_threads');
parentPort.on('message', async (requests) => {
  parentPort.postMessage(
    await Promise.all(requests.map(async ({ id, text }) => ({ id, text: await replyTo(text) }))),
  );
});
`;
}
