/** Where results and reports go. */
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchResults } from '../results.ts';
import { renderResults, writeText } from '../results-file.ts';
import { type Drawing, INSTALL_COMMAND, installDrawing, loadDrawing } from './draw/library.ts';
import { renderHtml } from './html.ts';

const FOLDER = fileURLToPath(new URL('../results/', import.meta.url));
/** What reports are made of when no file is named. */
export const LATEST = resolve(FOLDER, 'latest.json');

/** @returns the files that were written, from here */
export function publishResults(results: BenchResults, jsonFile: string | undefined): readonly string[] {
  const text = renderResults(results);
  const name = results.startedAt.replaceAll(':', '-').replace(/\.\d+Z$/, 'Z');
  const files = jsonFile === undefined ? [resolve(FOLDER, `${name}.json`), LATEST] : [resolve(jsonFile)];
  for (const file of files) writeText(file, text);
  return files.map((file) => relative(process.cwd(), file));
}

/** @returns the file that was written, from here */
export async function publishHtml(
  results: BenchResults,
  { htmlFile, plots, note }: PublishHtmlOptions,
): Promise<string> {
  const file = resolve(htmlFile ?? resolve(FOLDER, 'report.html'));
  const drawing = plots ? await prepareDrawing(note) : undefined;
  const missing = plots
    ? `The plots are missing: their library could not be installed. Run \`${INSTALL_COMMAND}\` and then \`npm run bench -- report\`.`
    : 'The plots were left out on request.';
  writeText(file, renderHtml(results, drawing, missing));
  return relative(process.cwd(), file);
}

export interface PublishHtmlOptions {
  /** @default bench/results/report.html */
  readonly htmlFile: string | undefined;
  /** Whether plots are drawn; their library is installed when it is missing. */
  readonly plots: boolean;
  /** Tells what goes on, in a line. */
  readonly note: (text: string) => void;
}

/** The library, installed when it is missing. @returns undefined when it cannot be had; a note says why */
export async function prepareDrawing(note: (text: string) => void): Promise<Drawing | undefined> {
  const installed = await loadDrawing();
  if (installed !== undefined) return installed;
  note('installing the library for plots into bench/report, once (15 MB)');
  try {
    await installDrawing();
  } catch (error) {
    note(`plots are left out: ${error instanceof Error ? error.message : error}; try \`${INSTALL_COMMAND}\``);
    return undefined;
  }
  return await loadDrawing();
}
