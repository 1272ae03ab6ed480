import assert from 'node:assert/strict';
import fs from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { watchTree } from '../../src/cli/dev/watch-tree.ts';
import { until } from '../support/load.ts';

const root = await mkdtemp(join(tmpdir(), 'hairspring-watch-'));
after(() => rm(root, { recursive: true, force: true }));

const REPLACED: Readonly<Record<string, (folder: string) => Promise<unknown>>> = {
  'removed and made anew': (folder) => rm(folder, { recursive: true }),
  'moved away and made anew': (folder) => rename(folder, `${folder}-before`),
};

for (const [what, remove] of Object.entries(REPLACED)) {
  test(`A folder that was ${what} between two looks is watched, and those in it`, async () => {
    const tree = join(root, what);
    const inner = join(tree, 'function', 'src');
    await mkdir(inner, { recursive: true });
    let changes = 0;
    using watcher = watchTree(tree, () => {
      changes += 1;
    });
    await watcher.sync([]);
    await remove(join(tree, 'function'));
    await mkdir(inner, { recursive: true });
    await until('it is seen', () => changes > 0);
    // As dev does after each change, until there is nothing new.
    for (let seen = -1; seen !== changes; ) {
      seen = changes;
      await watcher.sync([]);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    for (const folder of [inner, join(tree, 'function')]) {
      const before = changes;
      await writeFile(join(folder, 'file'), 'changed');
      await until(`a change in ${folder} is seen`, () => changes > before, { withinMs: 10_000 });
    }
    assert.ok(changes < 50, `${changes} changes`);
  });
}

test('Where the system has no watches left that is told once, and nothing is refreshed over and over for it', async () => {
  const tree = join(root, 'blind');
  await mkdir(join(tree, 'a', 'b'), { recursive: true });
  const { watch } = fs;
  let left = 1;
  fs.watch = ((...args: Parameters<typeof watch>) => {
    left -= 1;
    if (left < 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    return watch(...args);
  }) as typeof watch;
  syncBuiltinESMExports();
  try {
    let changes = 0;
    const told: string[] = [];
    using watcher = watchTree(
      tree,
      () => {
        changes += 1;
      },
      (reason) => told.push(reason),
    );
    for (let look = 0; look < 3; look += 1) await watcher.sync([]);
    await sleep(100);
    assert.equal(changes, 0);
    assert.equal(told.length, 1);
    assert.match(told[0] ?? '', /not seen \(ENOSPC\); raise fs\.inotify\.max_user_watches/);
  } finally {
    fs.watch = watch;
    syncBuiltinESMExports();
  }
});

test('Of a tree with too many folders the nearest are watched, and that the others are not is told', async () => {
  const tree = join(root, 'large');
  const names = Array.from({ length: 2_000 }, (_value, index) =>
    join(tree, `f${String(index).padStart(4, '0')}`),
  );
  await Promise.all(names.map((name) => mkdir(name, { recursive: true })));
  let changes = 0;
  const told: string[] = [];
  using watcher = watchTree(
    tree,
    () => {
      changes += 1;
    },
    (reason) => told.push(reason),
  );
  for (let look = 0; look < 2; look += 1) await watcher.sync([]);
  assert.equal(told.length, 1);
  assert.match(
    told[0] ?? '',
    /more than the 2000 folders that are watched: changes in .*large\/f\d{4}, and others, are not seen/,
  );
  await writeFile(join(tree, 'file'), 'changed');
  await until('a change near the root is seen', () => changes > 0, { withinMs: 10_000 });
});
