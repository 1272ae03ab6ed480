import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connect } from '@nats-io/transport-node';
import { parseNexfile } from '../../src/host/index.ts';
import { codeBlocks, shellCommands } from '../support/markdown.ts';
import { NODE_FLAGS } from '../support/node-flags.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const README = join(ROOT, 'README.md');
const CLI = join(ROOT, 'bin', 'hairspring.js');
const folder = mkdtempSync(join(tmpdir(), 'hairspring-readme-'));
/** Neither the developer's own contexts nor servers take part. */
const env = {
  PATH: process.env['PATH'],
  HOME: folder,
  XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? join(process.env['HOME'] ?? '', '.cache'),
};

after(() => rmSync(folder, { recursive: true, force: true }));

function hairspring(args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...NODE_FLAGS, CLI, ...args], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  assert.equal(status, 0, `hairspring ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

/** Runs `dev` until it says that it is ready, and tells where its NATS is. */
async function startDev(args: readonly string[]): Promise<{ child: ChildProcess; server: string }> {
  const child = spawn(process.execPath, [...NODE_FLAGS, CLI, ...args], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const server = await new Promise<string>((resolve, reject) => {
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
      const found = /nats:\/\/[\d.]+:\d+/.exec(output)?.[0];
      if (found !== undefined && /^ready/m.test(output)) resolve(found);
    });
    child.once('exit', () => reject(new Error(`dev ended early: ${output}`)));
  });
  return { child, server };
}

/** `nats req SUBJECT 'PAYLOAD'` without the NATS CLI. */
async function natsRequest(server: string, command: string): Promise<string> {
  const match = /^nats req (\S+) '(.*)'$/.exec(command);
  assert.notEqual(match, null, command);
  const nc = await connect({ servers: server });
  try {
    return (await nc.request(match?.[1] ?? '', match?.[2] ?? '', { timeout: 10_000 })).string();
  } finally {
    await nc.close();
  }
}

test('Every npm command of the README is a script of package.json', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const commands = shellCommands(codeBlocks(README)).filter((command) => command.startsWith('npm '));
  assert.ok(commands.length >= 2);
  for (const command of commands) {
    for (const part of command.split(' && ')) {
      const script = part.replace(/^npm (?:run )?/, '');
      assert.ok(script === 'ci' || script in scripts, part);
    }
  }
});

test('The first steps of the README work as they stand, and its snippets deploy beside them', async () => {
  const blocks = codeBlocks(README);
  const commands = shellCommands(blocks).filter((command) => !command.startsWith('npm '));
  assert.deepEqual(commands.slice(0, 3), [
    'npx hairspring init hello',
    'npx hairspring dev hello',
    "nats req hello.ada ''",
  ]);
  hairspring(['init', 'hello']);
  const { child, server } = await startDev(['dev', 'hello']);
  try {
    assert.equal(await natsRequest(server, commands[2] ?? ''), 'Hello, ada!');
    const nexfiles = blocks.filter(({ language }) => language === 'yaml');
    const sources = blocks.filter(({ language }) => language === 'js' || language === 'ts');
    assert.equal(nexfiles.length, sources.length);
    for (const [index, nexfile] of nexfiles.entries()) {
      const { start, name } = parseNexfile(nexfile.text, `README.md:${nexfile.line}`);
      assert.equal(start.source.kind, 'main');
      const main = join(folder, name, start.source.kind === 'main' ? start.source.path : '');
      mkdirSync(dirname(main), { recursive: true });
      writeFileSync(join(folder, name, 'Nexfile'), nexfile.text);
      writeFileSync(main, sources[index]?.text ?? '');
      hairspring(['deploy', name, '--server', server]);
    }
    assert.equal(await natsRequest(server, "nats req greetings.fr.ada ''"), 'Bonjour, ada!');
    assert.equal(await natsRequest(server, "nats req views.home ''"), '{"page":"home","views":1}');
    assert.equal(await natsRequest(server, "nats req views.home ''"), '{"page":"home","views":2}');
  } finally {
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('exit', resolve));
  }
});

test('About as many hostile functions are told of as there are', () => {
  const count = readdirSync(join(ROOT, 'test', 'hazards', 'functions')).length;
  const texts = [readFileSync(README, 'utf8'), readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8')];
  for (const text of texts) {
    const told = Number(/(\d+) \[?hostile functions/.exec(text)?.[1]);
    assert.ok(told <= count && count <= told + 20, `${told} of ${count}`);
  }
});
