/** The library that draws: a package of its own in bench/report, installed when it is first needed. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What we use of Observable Plot: it may not be installed, so its own types cannot be counted on. */
export interface PlotLibrary {
  plot(options: object): { readonly outerHTML: string };
  line(data: readonly unknown[], options: object): unknown;
  dot(data: readonly unknown[], options: object): unknown;
  text(data: readonly unknown[], options: object): unknown;
  axisX(data: readonly number[] | null, options: object): unknown;
  ruleY(data: readonly unknown[], options?: object): unknown;
}

export interface Drawing {
  readonly plot: PlotLibrary;
  /** A document to draw into, without a browser. */
  readonly document: unknown;
}

/** What people run to install it themselves. */
export const INSTALL_COMMAND = 'npm ci --ignore-scripts --prefix bench/report';

const FOLDER = fileURLToPath(new URL('../', import.meta.url));
// Not literals: the compiler would look for packages that may not be there.
const PLOT: string = '@observablehq/plot';
const DOM: string = 'linkedom';

/** @returns undefined when it is not installed */
export async function loadDrawing(): Promise<Drawing | undefined> {
  try {
    const plot = (await import(PLOT)) as PlotLibrary;
    const dom = (await import(DOM)) as { parseHTML(html: string): { readonly document: unknown } };
    return { plot, document: dom.parseHTML('<!doctype html><html><body></body></html>').document };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** @throws Error with what npm said, when it cannot be installed */
export async function installDrawing(): Promise<void> {
  const npm = spawn('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: FOLDER,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  npm.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8');
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    npm.once('error', reject);
    npm.once('close', resolve);
  });
  if (code !== 0) throw new Error(said.trim().split('\n').slice(0, 3).join('; ') || `npm ended with ${code}`);
}
