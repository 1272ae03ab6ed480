/** What `dev --observe` keeps of the host calls of functions: what they named, and never a value. */
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CALL_OUTCOMES, HairspringError } from '../../core/index.ts';
import type { RecordedCall } from '../../host/index.ts';

/** JSON lines in the data folder, one for each kind of call. */
export const RECORDING_FILE = 'observed-calls.jsonl';

/** Lines of a recording; what comes after them is left out. */
export const MAX_RECORDED_LINES = 10_000;

const recordedCall: z.ZodType<RecordedCall> = z.object({
  namespace: z.string(),
  function: z.string(),
  label: z.string(),
  service: z.string(),
  op: z.string(),
  name: z.string(),
  outcome: z.enum(CALL_OUTCOMES),
});

export interface CallRecording {
  /** Keeps a call that is of a new kind. */
  add(call: RecordedCall): void;
}

/**
 * Goes on with the recording in `dataDir`, or begins it.
 * @param onEnd told once, when it is full or cannot be written
 * @throws HS_DATA_DIR
 */
export function openRecording(dataDir: string, onEnd: (error: HairspringError) => void): CallRecording {
  const file = join(dataDir, RECORDING_FILE);
  const refuse = (reason: string, cause?: unknown): HairspringError =>
    new HairspringError('HS_DATA_DIR', `Cannot record host calls in "${file}": ${reason}`, {
      cause,
      hint: 'Delete the file to begin again; `hairspring bindings suggest` works with what is in it',
    });
  try {
    mkdirSync(dataDir, { recursive: true });
    appendFileSync(file, '', { mode: 0o600 });
  } catch (cause) {
    throw refuse(cause instanceof Error ? cause.message : String(cause), cause);
  }
  const kinds = new Set((readRecording(dataDir)?.calls ?? []).map(kindOf));
  let ended = false;
  const end = (error: HairspringError): void => {
    ended = true;
    onEnd(error);
  };
  return {
    add(call) {
      const kind = kindOf(call);
      if (ended || kinds.has(kind)) return;
      if (kinds.size >= MAX_RECORDED_LINES) {
        end(refuse(`it has ${MAX_RECORDED_LINES} lines, which is the limit`));
        return;
      }
      kinds.add(kind);
      try {
        appendFileSync(file, `${kind}\n`, { mode: 0o600 });
      } catch (cause) {
        end(refuse(cause instanceof Error ? cause.message : String(cause), cause));
      }
    },
  };
}

/** The line of a call: the same for all calls of a kind. */
function kindOf({
  namespace,
  function: name,
  label,
  service,
  op,
  name: named,
  outcome,
}: RecordedCall): string {
  return JSON.stringify({ namespace, function: name, label, service, op, name: named, outcome });
}

export interface Recording {
  readonly calls: readonly RecordedCall[];
  /** Whether calls may have been left out. */
  readonly isFull: boolean;
}

/** The recording in `dataDir`, if there is one; lines that are none are left out. */
export function readRecording(dataDir: string): Recording | undefined {
  let text: string;
  try {
    text = readFileSync(join(dataDir, RECORDING_FILE), 'utf8');
  } catch {
    return undefined;
  }
  const calls = text.split('\n').flatMap((line) => parseLine(line) ?? []);
  return { calls, isFull: calls.length >= MAX_RECORDED_LINES };
}

function parseLine(line: string): RecordedCall | undefined {
  try {
    return recordedCall.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
