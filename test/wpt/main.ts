/**
 * The judge of the web platform inside a function: runs Web Platform Tests in our isolates and compares
 * what fails with expectations.json. Ends with 1 when something is not as expected.
 */
import { resolve } from 'node:path';
import { listTests } from './checkout.ts';
import { judge, readExpectations } from './expectations.ts';
import { readOptions, USAGE } from './options.ts';
import { formatFailures, formatTable, isBelowFloor, sumUp } from './report.ts';
import { type FileResult, runTest } from './run-test.ts';
import { versionOf } from './version.ts';

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    console.error(USAGE);
    return 2;
  }
  const root = resolve(options.root);
  const expectations = readExpectations(options.expectations);
  const rows = [];
  const all = [];
  let failed = options.folders.length === 0;
  if (failed) console.error(`No tests in ${root}: it has none of the folders that a function is judged by`);
  for (const folder of options.folders) {
    const results: FileResult[] = [];
    const tests = listTests(root, folder);
    for (const file of tests) results.push(...(await runTest(root, file)));
    const verdict = judge(results, expectations);
    const row = sumUp(folder, versionOf(root, folder, tests), verdict.files);
    // Of a part one cannot tell what the rest of its folder would have failed.
    const isPart = folder.endsWith('.js');
    const stale = isPart ? [] : verdict.stale;
    rows.push(row);
    all.push({ ...row, ...verdict });
    const text = formatFailures({ ...verdict, stale }, options.verbose);
    if (text !== '' && !options.json) console.log(text);
    failed ||= results.length === 0 || stale.length > 0 || (!isPart && isBelowFloor(row));
    failed ||= verdict.files.some(({ unexpected }) => unexpected.length > 0);
  }
  console.log(options.json ? JSON.stringify(all, undefined, 1) : `\n${formatTable(rows)}`);
  return failed ? 1 : 0;
}

// Node warns of each algorithm that is new.
process.removeAllListeners('warning');
process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  if (!(error instanceof TypeError && 'code' in error)) throw error;
  console.error(`${error.message}\n${USAGE}`);
  return 2;
});
