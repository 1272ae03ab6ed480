import assert from 'node:assert/strict';
import { appendFile, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { BenchResult } from '../../src/cli/bench/result.ts';
import { createProgram } from '../../src/cli/program.ts';
import { readEnvironment } from '../../src/cli/shell/environment.ts';
import { EXIT } from '../../src/cli/shell/exit-codes.ts';
import { EXAMPLES, runCli } from '../cli/support/cli.ts';
import { codeBlocks, shellCommands } from '../support/markdown.ts';

/** A run starts five nodes; generous, as the machine may be busy. */
const TIMEOUT = { timeout: 240_000 };
const blocks = codeBlocks(fileURLToPath(new URL('../../docs/bench.md', import.meta.url)));

/** The words behind `hairspring` of a command in a shell. */
function words(command: string): readonly string[] {
  const [, line = ''] = /\bhairspring (.*?)(?: > \S+)?$/.exec(command) ?? [];
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

test('Every command of docs/bench.md is understood', async () => {
  const commands = shellCommands(blocks);
  assert.ok(commands.length >= 3);
  for (const command of commands) {
    const program = createProgram({ env: readEnvironment({}), exitCode: EXIT.ok, outlivesReader: false }, '');
    const bench = program.commands.find((each) => each.name() === 'bench');
    let measured: unknown;
    bench?.action((target: string) => {
      measured = target;
    });
    await program.parseAsync(words(command), { from: 'user' });
    assert.match(String(measured), /^(hello|albums)$/, command);
  }
});

test(
  'The command of the CI example measures the example and judges its budgets',
  TIMEOUT,
  async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'hairspring-bench-doc-'));
    context.after(() => rm(folder, { recursive: true, force: true }));
    await cp(join(EXAMPLES, 'hello'), join(folder, 'hello'), { recursive: true });
    // On a busy machine a thread may stand still for the 50 ms that a function has by default.
    await appendFile(join(folder, 'hello', 'Nexfile'), '  limits: { cpu: 2s }\n');
    const workflow = blocks.find(({ language }) => language === 'yaml')?.text ?? '';
    const [, command = ''] = /^ +- run: (npx hairspring bench .*)$/m.exec(workflow) ?? [];
    const args = words(command).map((word) => (word === '1m' ? '5s' : word));
    assert.ok(args.includes('5s'));
    const run = await runCli([...args, '--quick'], { cwd: folder });
    // A busy machine may miss them.
    assert.ok(run.code === EXIT.ok || run.code === EXIT.missed, run.stdout);
    const { budgets, name } = JSON.parse(run.stdout) as BenchResult;
    assert.equal(name, 'hello');
    assert.deepEqual(
      budgets.map(({ metric, measured }) => [metric, typeof measured]),
      [
        ['cold.p95', 'number'],
        ['warm.ratio', 'number'],
      ],
    );
  },
);
