import type { Clock, FunctionSpec } from '../core/index.ts';
import { DebuggerLink, type FunctionCode, type FunctionRunner } from '../runtime/index.ts';
import type { ArtifactReader } from './artifact-reader.ts';

/** Limits under which one can think at a breakpoint. */
const CPU_MS = 3_600_000;
const TIMEOUT_MS = 86_400_000;

/** The debuggers that are attached to functions of this cell. */
export class Inspections {
  readonly #clock: Clock;
  readonly #sessions = new Map<number, { readonly link: DebuggerLink; readonly runner: FunctionRunner }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  open(sessionId: number, runner: FunctionRunner, listen: (message: string | null) => void): void {
    const link = new DebuggerLink(this.#clock, (message) => {
      if (message === null) this.#sessions.delete(sessionId);
      listen(message);
    });
    this.#sessions.set(sessionId, { link, runner });
    runner.inspect(link);
  }

  send(sessionId: number, message: string): void {
    this.#sessions.get(sessionId)?.link.send(message);
  }

  close(sessionId: number): void {
    const session = this.#sessions.get(sessionId);
    session?.runner.endInspection(session.link);
  }
}

/** The function with limits of time that nobody notices: it runs in the heavy lane, where it holds nobody up. */
export function withoutHurry(spec: FunctionSpec): FunctionSpec {
  return { ...spec, limits: { ...spec.limits, cpuMs: CPU_MS, timeoutMs: TIMEOUT_MS } };
}

/** The script with its source map inside, for debuggers that show the author's own files. */
export function withSourceMap(
  code: FunctionCode,
  artifacts: ArtifactReader,
  spec: FunctionSpec,
): FunctionCode {
  if (typeof code !== 'string') return code;
  const artifact = artifacts.read(spec.name, spec.artifact);
  if (artifact.type !== 'javascript' || artifact.map === '') return code;
  const map = Buffer.from(artifact.map).toString('base64');
  return `${code}\n//# sourceMappingURL=data:application/json;base64,${map}`;
}
