import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { checkOut, ROOT } from '../../bench/compare/revision.ts';
import { candidatesOfPairs, type Pair } from '../../bench/compare/turn-figures.ts';
import { measureInTurns } from '../../bench/compare/turns.ts';
import { judgeAll } from '../../bench/compare/verdict.ts';
import { startTestNats, type TestNats } from '../support/nats.ts';

const note = (): void => undefined;
const folder = mkdtempSync(join(tmpdir(), 'hairspring-turns-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A repository with a commit from before the comparison and one from after. */
function makeRepository(): string {
  const root = join(folder, 'repository');
  const git = (...args: readonly string[]): void => {
    const who = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false'];
    execFileSync('git', [...who, ...args], { cwd: root, stdio: 'ignore' });
  };
  mkdirSync(join(root, 'bench/compare'), { recursive: true });
  mkdirSync(join(root, 'node_modules'));
  writeFileSync(join(root, 'package-lock.json'), '{}');
  git('init', '--initial-branch', 'main');
  git('add', 'package-lock.json');
  git('commit', '--message', 'Before');
  git('tag', 'before');
  writeFileSync(join(root, 'bench/compare/arena.ts'), '');
  git('add', '.');
  git('commit', '--message', 'After');
  return root;
}

test('A commit is checked out beside the working tree with its packages, and removed at the end', async () => {
  const root = makeRepository();
  let place = '';
  {
    await using revision = await checkOut('HEAD', { note, root });
    place = revision.folder;
    assert.match(revision.commit, /^[0-9a-f]{12}$/);
    assert.ok(existsSync(join(place, 'bench/compare/arena.ts')));
    assert.ok(lstatSync(join(place, 'node_modules')).isSymbolicLink());
  }
  assert.equal(existsSync(place), false);
  assert.ok(existsSync(join(root, 'node_modules')), 'the packages of the working tree stay');
  const worktrees = execFileSync('git', ['worktree', 'list'], { cwd: root, encoding: 'utf8' });
  assert.equal(worktrees.trim().split('\n').length, 1);
  await assert.rejects(checkOut('before', { note, root }), {
    name: 'RevisionError',
    message: /"before": commit [0-9a-f]{12} has no bench\/compare\/arena\.ts.* if their format is 2$/,
  });
  await assert.rejects(checkOut('no-such-branch', { note, root }), {
    name: 'RevisionError',
    message: /"no-such-branch": git knows no such commit/,
  });
});

test('Two trees are measured in turns, under load and cold, and every window has its pair', async () => {
  const plan = { measures: ['echo', 'cold'], starts: 2, rounds: 1, windowMs: 50, firstWarmupMs: 50 } as const;
  const { signal } = new AbortController();
  const pairs = await measureInTurns({ plan, base: ROOT, head: ROOT, progress: note, signal });
  assert.deepEqual(
    pairs.map(({ measure, start }) => [measure, start]),
    [
      ['echo', 0],
      ['cold', 0],
      ['echo', 1],
      ['cold', 1],
    ],
  );
  for (const { measure, base, head } of pairs) {
    for (const side of [base, head]) {
      const figure = measure === 'cold' ? side.p50Ms : side.perSecond;
      assert.ok(figure !== undefined && figure > 0, `${measure}: ${JSON.stringify(side)}`);
    }
  }
});

/** A tree whose arena is an echo that answers wrongly in its first windows. */
function makeArena(nats: TestNats, wrongWindows: number): string {
  const tree = mkdtempSync(join(folder, 'arena-'));
  mkdirSync(join(tree, 'bench/compare'), { recursive: true });
  const from = (path: string): string => JSON.stringify(pathToFileURL(join(ROOT, path)).href);
  writeFileSync(
    join(tree, 'bench/compare/arena.ts'),
    `import { serveParent } from ${from('src/measure/index.ts')};
    import { ARENA_PROTOCOL } from ${from('bench/compare/arena-protocol.ts')};
    import { connectTo } from ${from('test/support/nats.ts')};
    const url = ${JSON.stringify(nats.url)};
    const nc = await connectTo({ url });
    const subject = 'probe.' + process.pid;
    // Each window has an inbox of its own.
    const windows = new Set();
    nc.subscribe(subject, { callback: (_error, message) => {
      windows.add(message.reply.slice(0, message.reply.lastIndexOf('.')));
      message.respond(windows.size <= ${wrongWindows} ? 'wrong' : message.data);
    } });
    await nc.flush();
    const arena = { protocol: ARENA_PROTOCOL, url, serverPid: ${nats.pid}, subjects: { echo: subject }, coldSubjects: [] };
    serveParent({ describe: async () => arena, pids: async () => [process.pid] }, () => nc.close());`,
  );
  return tree;
}

test('A window with failures is measured again, and one of which each try has some is an error', async () => {
  await using nats = await startTestNats();
  const plan = { measures: ['echo'], starts: 1, rounds: 1, windowMs: 50, firstWarmupMs: 0 } as const;
  const { signal } = new AbortController();
  const said: string[] = [];
  const measure = (wrongWindows: number): Promise<readonly Pair[]> => {
    const base = makeArena(nats, wrongWindows);
    const progress = (text: string): void => void said.push(text);
    return measureInTurns({ plan, base, head: base, progress, signal });
  };
  assert.equal((await measure(1)).length, 1);
  const again = said.filter((text) => text.includes('the window is measured again'));
  assert.ok(again.length > 0, said.join('\n'));
  assert.match(again[0] ?? '', /^echo: \d+ wrong and \d+ lost replies \(.*wrong.*\)/);
  await assert.rejects(measure(1_000), {
    name: 'RevisionError',
    message: /in the last of 3 windows; figures of failures cannot be compared$/,
  });
});

test('Windows of one start are one value: many of them make no comparison of two starts surer', () => {
  const pairs = [1.5, 1.6].flatMap((ratio, start) =>
    Array.from({ length: 50 }, (): Pair => {
      return { measure: 'echo', start, base: { cpuUs: 10 }, head: { cpuUs: 10 * ratio } };
    }),
  );
  const [comparison] = judgeAll(candidatesOfPairs(pairs));
  assert.equal(comparison?.metric, 'cpuUs');
  assert.ok((comparison?.high ?? 0) - (comparison?.low ?? 0) > 0.2, JSON.stringify(comparison));
});
