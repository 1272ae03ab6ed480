import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { inheritEnvironment } from './environment.ts';

export interface ToolOptions {
  readonly cwd?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export interface ToolResult {
  readonly ok: boolean;
  readonly stdout: string;
  /** Why it failed, in one line; empty when it did not. */
  readonly problem: string;
}

/** Every executable file called `name` in the absolute folders of `pathVariable`, in their order. */
export async function findTools(name: string, pathVariable: string): Promise<string[]> {
  const found: string[] = [];
  for (const folder of pathVariable.split(delimiter)) {
    const path = join(folder, name);
    if (isAbsolute(folder) && !found.includes(path) && (await isExecutable(path))) found.push(path);
  }
  return found;
}

/** Runs a program to its end, with English messages. Never throws: a failure is in the result. */
export function runTool(file: string, args: readonly string[], options: ToolOptions): Promise<ToolResult> {
  return new Promise((resolve) => {
    const { cwd, timeoutMs } = options;
    const env = inheritEnvironment({ LC_ALL: 'C', ...options.variables });
    const settings = {
      cwd,
      env,
      timeout: timeoutMs,
      maxBuffer: 16 * 1024 ** 2,
      killSignal: 'SIGKILL',
    } as const;
    execFile(file, args, settings, (error, stdout, stderr) => {
      if (error === null) resolve({ ok: true, stdout, problem: '' });
      else if (error.killed === true) {
        resolve({ ok: false, stdout, problem: `it did not end within ${timeoutMs / 1000} s` });
      } else resolve({ ok: false, stdout, problem: telling(stderr) ?? exitText(error) });
    });
  });
}

/** The line of a tool's stderr that says most: the first error that it marks as one, else the last line. */
function telling(stderr: string): string | undefined {
  const lines = stderr.split('\n').map((line) => line.trim());
  const line = lines.find((text) => /^(?:E:|error:)/i.test(text)) ?? lines.findLast((text) => text !== '');
  return line?.slice(0, 300);
}

function exitText(error: {
  readonly code?: string | number | null;
  readonly signal?: string | null;
}): string {
  if (error.code === 'ENOENT') return 'there is no such program';
  return error.signal ? `it was ended by ${error.signal}` : `it failed with ${String(error.code)}`;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
