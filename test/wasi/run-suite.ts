/**
 * `npm run test:wasi -- DIR`: the WASI test suite against the product's WASI.
 *
 * Each module runs once in an isolate with the arguments and files that it asks for, which must pass, and
 * once deployed on a real node, where its arguments are a function's and it may fail, beside a neighbour
 * that must not notice.
 */
import { parseArgs } from 'node:util';
import { putArtifact } from '../../src/control/index.ts';
import { wrapBytes } from '../../src/host/bundle/index.ts';
import { artifactUri } from '../../src/host/index.ts';
import { compileModule } from '../../src/runtime/index.ts';
import { createTestFunction } from '../support/functions.ts';
import { startTestHost } from '../support/host.ts';
import { readSuite, type WasiCase } from './suite.ts';

/** Modules that fail, each with the reason; empty is how it should be. */
const EXPECTED_FAILURES: Readonly<Record<string, string>> = {};

const MEMORY_BYTES = 64 * 1024 ** 2;
const NEIGHBOUR_EVERY_MS = 5;

const { positionals } = parseArgs({ allowPositionals: true });
const [folder] = positionals;
if (folder === undefined) {
  console.error(
    'usage: npm run test:wasi -- DIR, a checkout of WebAssembly/wasi-testsuite (prod/testsuite-base)',
  );
  process.exit(2);
}
const cases = readSuite(folder);
if (cases.length === 0) {
  console.error(`There is no preview 1 module below "${folder}"`);
  process.exit(2);
}

async function runAlone({ bytes, args, environment, files, exitCode, stdout }: WasiCase): Promise<string> {
  const module = compileModule({ name: 'probe', bytes, memoryBytes: MEMORY_BYTES, reuse: false, files });
  if (module.abi === 'component') return 'it is a component';
  using probe = createTestFunction({ ...module, args }, { environment });
  const answer = await probe.call();
  const found = answer.ok ? 0 : Number(/exit code (\d+)/.exec(answer.error.message)?.[1] ?? Number.NaN);
  if (found !== exitCode) return answer.ok ? `exit code 0, not ${exitCode}` : answer.error.message;
  if (answer.ok && stdout !== undefined && answer.text !== stdout)
    return `answered ${JSON.stringify(answer.text)}`;
  return '';
}

async function runDeployed(): Promise<{
  readonly answered: number;
  readonly calls: number;
  readonly lost: number;
}> {
  await using world = await startTestHost();
  await world.deploy({ name: 'neighbour', code: 'export default { message: () => "here" };' });
  let calls = 0;
  let lost = 0;
  const neighbour = setInterval(() => {
    calls += 1;
    world.ask('neighbour').then(
      (answer) => {
        if (answer.text !== 'here') lost += 1;
      },
      () => {
        lost += 1;
      },
    );
  }, NEIGHBOUR_EVERY_MS);
  let answered = 0;
  for (const [index, { bytes, environment, files }] of cases.entries()) {
    const bundle = wrapBytes(bytes, files);
    await putArtifact(world.nc, bundle.digest, bundle.bytes);
    const name = `wasi-${index}`;
    const { id } = await world.client().deploy(
      {
        name,
        description: '',
        workload_type: 'wasm',
        workload_lifecycle: 'function',
        tags: {},
        run_request: JSON.stringify({
          uri: artifactUri(bundle.digest),
          triggers: [{ subject: name }],
          environment,
          limits: { cpu: '1s' },
        }),
      },
      { nodeId: world.host.nodeId },
    );
    const answer = await world.ask(name);
    if (/^(?:ok$|HS_FUNCTION_)/.test(answer.outcome)) answered += 1;
    else console.log(`  ${name} was answered ${answer.outcome}`);
    await world.client().undeploy(id);
  }
  clearInterval(neighbour);
  return { answered, calls, lost };
}

let unexpected = 0;
let passed = 0;
for (const each of cases) {
  const problem = await runAlone(each);
  const reason = EXPECTED_FAILURES[each.name];
  if (problem === '') passed += 1;
  if ((problem === '') === (reason === undefined)) continue;
  unexpected += 1;
  console.log(
    problem === '' ? `✖ ${each.name} passes and is listed as failing` : `✖ ${each.name}: ${problem}`,
  );
}
console.log(`alone     ${passed} of ${cases.length} modules pass, ${unexpected} unexpected`);
const { answered, calls, lost } = await runDeployed();
console.log(`deployed  ${answered} of ${cases.length} answered; neighbour: ${calls} calls, ${lost} lost`);
if (unexpected > 0 || answered < cases.length || lost > 0) process.exitCode = 1;
