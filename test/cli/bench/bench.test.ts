import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { BenchResult } from '../../../src/cli/bench/result.ts';
import { allGone, type CliOptions, descendantsOf, runCli, startCli } from '../support/cli.ts';

/** As short as it gets: what is looked at is that there are figures, not which. */
const SHORT = ['--quick', '--duration', '5s'];
const LOAD_ONLY = ['--only', 'load'];
/**
 * A run starts five nodes; generous, as the machine may be busy. Then a thread may also stand still for the 50 ms that a
 * function has by default, so these have more.
 */
const TIMEOUT = { timeout: 240_000 };
let folder = '';
/** Where the program makes its own folders. */
let temporary = '';
let options: CliOptions;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hairspring-bench-cli-'));
  temporary = join(folder, 'tmp');
  await mkdir(temporary);
  options = { cwd: folder, env: { TMPDIR: temporary } };
  await mkdir(join(folder, 'tally'));
  await writeFile(
    join(folder, 'tally', 'Nexfile'),
    `name: tally
type: javascript
lifecycle: function
start_request:
  main: index.js
  triggers:
    - subject: tally.{page}
  bindings:
    PAGES: { kv: pages, access: read-write, existing: true }
    KEY: { secret: api-key }
  limits: { cpu: 2s, concurrency: 20, queue: 10 }
`,
  );
  await writeFile(
    join(folder, 'tally', 'index.js'),
    `let calls = 0;
export default {
  async message(msg, env) {
    calls += 1;
    if (msg.headers.get('Fail-After') !== null && calls > Number(msg.headers.get('Fail-After')))
      throw new Error('enough');
    if (calls === 1) await env.PAGES.put(msg.params.page, env.KEY);
    return msg.subject;
  },
};
`,
  );
});

after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));

const hasLatency = (id: string): boolean => !id.startsWith('density') && !id.endsWith('point=knee');

/** @param start lines of `start_request`, beside `main` */
async function writeFunction(name: string, start: readonly string[], code: string): Promise<void> {
  const nexfile = [
    `name: ${name}`,
    'type: javascript',
    'lifecycle: function',
    'start_request:',
    ...['main: index.js', ...start].map((line) => `  ${line}`),
  ];
  await mkdir(join(folder, name));
  await writeFile(join(folder, name, 'Nexfile'), `${nexfile.join('\n')}\n`);
  await writeFile(join(folder, name, 'index.js'), code);
}

function writeHttpFunction(name: string, route: string, code: string): Promise<void> {
  const start = [
    `triggers: [{ http: { route: ${route}, methods: [GET, PUT] } }]`,
    'limits: { cpu: 2s, concurrency: 256 }',
  ];
  return writeFunction(name, start, `export default { ${code} };\n`);
}

test(
  'A run gives a row for each start and level, judges budgets, and leaves nothing behind',
  TIMEOUT,
  async () => {
    const budgets = [
      '--budget',
      'cold.p95=60s',
      '--budget',
      'warm.rate=999999999/s',
      '--budget',
      'memory=1GiB',
      '--budget',
      'idle-memory=1GiB',
      '--budget',
      'open25.p50=60s',
    ];
    const run = await runCli(
      ['bench', 'tally', ...SHORT, '--subject', 'tally.home', '--json', ...budgets],
      options,
    );
    assert.equal(run.code, 6, run.stdout + run.stderr);
    assert.equal(run.stderr, '');
    const result = JSON.parse(run.stdout) as BenchResult & { readonly error: { readonly code: string } };
    assert.deepEqual(
      result.rows.map(({ id }) => id),
      [
        ...[
          'recovery/new-cell',
          'cold/new-isolate',
          'cold/pooled-isolate',
          'cold/evicted',
          'density/warm-instance',
          'density/idle-function',
        ],
        ...[
          'load/floor?inFlight=1',
          'load/floor?inFlight=16',
          'load/function?inFlight=1',
          'load/function?inFlight=16',
        ],
        ...[25, 50, 75, 90, 100, 110].map((percent) => `open-loop/function?percentOfMax=${percent}`),
        'open-loop/function?point=knee',
      ],
    );
    for (const { id, n, metrics } of result.rows) {
      assert.ok(n > 0, id);
      const p50 = metrics.find(({ name }) => name === 'p50Ms')?.value;
      if (hasLatency(id)) assert.ok(p50 !== undefined && p50 > 0, id);
    }
    assert.deepEqual(
      result.budgets.map(({ metric, kept }) => [metric, kept]),
      [
        ['cold.p95', true],
        ['warm.rate', false],
        ['memory', true],
        ['idle-memory', true],
        ['open25.p50', true],
      ],
    );
    assert.equal(result.error.code, 'HS_BUDGET_MISSED');
    assert.match(result.notes.join('\n'), /placeholder: api-key/);
    assert.match(result.notes.join('\n'), /not measured at 64, 256, 1024 in flight/);
    assert.deepEqual(await readdir(temporary), []);
  },
);

test('A function with HTTP triggers only is measured by requests to its route', TIMEOUT, async () => {
  const code = `async fetch(request, env, ctx) {
    return new Response(ctx.params.album + await request.text(), { status: 201 });
  }`;
  await writeHttpFunction('albums', '/albums/:album', code);
  const args = ['--path', '/albums/blue?size=2', '--payload', '{}', '--budget', 'warm.p99=60s'];
  const run = await runCli(
    ['bench', 'albums', ...SHORT, '--only', 'load,starts', ...args, '--json'],
    options,
  );
  assert.equal(run.code, 0, run.stdout + run.stderr);
  const { rows, subject, payloadBytes, budgets } = JSON.parse(run.stdout) as BenchResult;
  assert.deepEqual([subject, payloadBytes], ['PUT /albums/blue?size=2', 2]);
  const loads = rows.filter(({ group }) => group === 'load');
  assert.deepEqual(
    loads.map(({ title, params }) => [title, params['inFlight']]),
    ['bare node:http echo (floor)', 'the function'].flatMap((title) =>
      [1, 16, 64, 256].map((inFlight) => [title, inFlight]),
    ),
  );
  for (const { id, n, metrics } of rows) {
    assert.ok(n > 0, id);
    const p50 = metrics.find(({ name }) => name === 'p50Ms')?.value;
    if (hasLatency(id)) assert.ok(p50 !== undefined && p50 > 0, id);
  }
  for (const start of ['cold/new-isolate', 'cold/pooled-isolate', 'cold/evicted'])
    assert.ok(
      rows.some(({ id, metrics }) => id === start && metrics.some(({ name }) => name === 'insideP50Ms')),
      `${start} has what the node says of it`,
    );
  assert.deepEqual(
    budgets.map(({ metric, kept }) => [metric, kept]),
    [['warm.p99', true]],
  );
  assert.deepEqual(await readdir(temporary), []);
});

test(
  'An HTTP handler that throws is not measured: its code decides how the command ends',
  TIMEOUT,
  async () => {
    await writeHttpFunction('broken', '/broken', "fetch() { throw new Error('no') }");
    const run = await runCli(['bench', 'broken', ...SHORT], options);
    assert.equal(run.code, 1);
    assert.match(
      run.stderr,
      /^error HS_FUNCTION_THREW: Cannot measure "broken": it answers 0 bytes on GET \/broken with HS_FUNCTION_THREW/m,
    );
  },
);

test(
  'A status of its own is measured; one that changes is an error that says where it did',
  TIMEOUT,
  async () => {
    const code = `fetch(request) {
    return new Response('', { status: new URL(request.url).pathname === '/router/' ? 404 : 410 });
  }`;
    await writeHttpFunction('router', '/router/*', code);
    const args = ['--only', 'starts', '--path', '/router/', '--json'];
    const run = await runCli(['bench', 'router', ...SHORT, ...args], options);
    assert.equal(run.code, 1);
    const { error } = JSON.parse(run.stdout) as {
      readonly error: { readonly message: string; readonly hint: string };
    };
    assert.match(error.message, /1 of 1 requests one after the other were answered with status 410/);
    assert.match(error.hint, /bench-copy-N/);
  },
);

test('A load under which the function is too slow is left out with a note', TIMEOUT, async () => {
  await mkdir(join(folder, 'narrow'));
  await writeFile(
    join(folder, 'narrow', 'Nexfile'),
    `name: narrow
type: javascript
lifecycle: function
start_request:
  main: index.js
  triggers: [{ subject: narrow }]
  limits: { concurrency: 1, timeout: 500ms }
`,
  );
  const code = 'export default { message: () => new Promise((resolve) => setTimeout(resolve, 10)) };';
  await writeFile(join(folder, 'narrow', 'index.js'), code);
  const run = await runCli(['bench', 'narrow', ...SHORT, ...LOAD_ONLY, '--json'], options);
  assert.equal(run.code, 0, run.stdout + run.stderr);
  const { rows, notes } = JSON.parse(run.stdout) as BenchResult;
  assert.match(
    notes.join('\n'),
    /not measured from (16|64) in flight on, where the function answers with HS_FUNCTION_TIMEOUT/,
  );
  const ids = rows.map(({ id }) => id);
  assert.ok(ids.includes('load/function?inFlight=1'));
  assert.ok(!ids.includes('load/function?inFlight=256') && !ids.includes('load/floor?inFlight=256'));
  assert.ok(ids.every((id) => id.startsWith('load/') || id.startsWith('open-loop/')));
});

test('An unknown budget is refused before anything starts', async () => {
  const run = await runCli(['bench', 'tally', '--budget', 'cold.p96=1ms'], options);
  assert.equal(run.code, 2);
  assert.match(
    run.stderr,
    /^error HS_USAGE: Cannot use a budget of "cold\.p96"\nhint: The known budgets are\n/,
  );
});

test(
  'A function that answers with an error is not measured: its code decides how the command ends',
  TIMEOUT,
  async () => {
    const args = ['bench', 'tally', ...SHORT, '--header', 'Fail-After:0', '--json'];
    const run = await runCli(args, options);
    assert.equal(run.code, 1);
    const { error } = JSON.parse(run.stdout) as {
      readonly error: { readonly code: string; readonly message: string };
    };
    assert.equal(error.code, 'HS_FUNCTION_THREW');
    assert.match(error.message, /^Cannot measure "tally": it answers 0 bytes on tally\.page with .*enough/);
    assert.deepEqual(await readdir(temporary), []);
  },
);

test('Errors under load are counted, and the first one is shown', TIMEOUT, async () => {
  const run = await runCli(['bench', 'tally', ...SHORT, '--header', 'Fail-After:50'], options);
  assert.equal(run.code, 1);
  assert.match(
    run.stderr,
    /^error HS_FUNCTION_THREW: Cannot measure "tally": [\d,]+ of [\d,]+ requests at (1|16) in flight were answered with HS_FUNCTION_THREW; the first: .*enough/m,
  );
});

function writeLooping(name: string, code: string): Promise<void> {
  const start = [
    `triggers: [{ subject: ${name} }]`,
    'bindings: { ONCE: { kv: once, access: read-write } }',
    'limits: { concurrency: 16, queue: 0 }',
  ];
  return writeFunction(name, start, code);
}

test(
  'A few errors that a busy machine explains are counted and shown, and end nothing',
  TIMEOUT,
  async () => {
    await writeLooping(
      'stumbles',
      `let calls = 0;
export default {
  async message(msg, env) {
    calls += 1;
    if (calls !== 1000 || (await env.ONCE.get('done')) !== null) return;
    await env.ONCE.put('done', 'yes');
    for (;;);
  },
};
`,
    );
    const run = await runCli(['bench', 'stumbles', ...SHORT, ...LOAD_ONLY, '--json'], options);
    assert.equal(run.code, 0, run.stdout + run.stderr);
    const { strays, rows } = JSON.parse(run.stdout) as BenchResult;
    const ofCpu = strays.filter(({ code }) => code === 'HS_FUNCTION_CPU');
    assert.ok(ofCpu.length > 0, 'there are some');
    for (const { count, of } of ofCpu) assert.ok(count > 0 && of > count, `${count} of ${of}`);
    assert.ok(rows.some(({ id }) => id === 'load/function?inFlight=16'));
  },
);

test(
  'A function that always holds the thread is told of its limit and of a busy machine',
  TIMEOUT,
  async () => {
    await writeLooping('loops', 'export default { message() { for (;;); } };');
    const run = await runCli(['bench', 'loops', ...SHORT, ...LOAD_ONLY], options);
    assert.equal(run.code, 1);
    assert.match(
      run.stderr,
      /^error HS_FUNCTION_CPU: Cannot measure "loops": it answers 0 bytes on loops with/m,
    );
    assert.match(
      run.stderr,
      /^hint: .*limits\.cpu in the Nexfile\. Where the machine was busy, measure again/m,
    );
  },
);

test('A budget of what is not measured is refused before anything starts', async () => {
  const run = await runCli(['bench', 'tally', ...LOAD_ONLY, '--budget', 'cold.p95=1ms'], options);
  assert.equal(run.code, 2);
  assert.match(run.stderr, /a budget of "cold\.p95" without measuring starts\nhint: .*--only load,starts/);
});

test('An interrupt ends it with 130 and leaves neither processes nor folders', TIMEOUT, async () => {
  await using cli = startCli(['bench', 'tally', ...SHORT], options);
  let pids: readonly number[] = [];
  // The server, the host, its cells and the load process.
  while (pids.length < 6) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    pids = await descendantsOf(cli.pid);
  }
  cli.kill('SIGINT');
  assert.equal((await cli.ended).code, 130);
  await allGone(pids);
  assert.deepEqual(await readdir(temporary), []);
});
