import { rssBytes, sumOver } from '../../measure/index.ts';
import type { BenchRun, Stage } from './bench-run.ts';

/** What the node and its cells hold; undefined where the system does not say. */
export async function nodeRssBytes({ unlessOver }: BenchRun, { host }: Stage): Promise<number | undefined> {
  return sumOver([host.pid, ...(await unlessOver(host.cellPids()))], rssBytes);
}
