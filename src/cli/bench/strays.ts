import { ERROR_CODES, HairspringError, isErrorCode } from '../../core/index.ts';

/** What a busy machine makes of good requests. */
export const BUSY_CODES: readonly string[] = [
  'HS_FUNCTION_CPU',
  'HS_FUNCTION_STARVED',
  'HS_FUNCTION_OVERLOADED',
  'HS_FUNCTION_TIMEOUT',
];
/** Of them, what a function hears that was held up. */
const HELD_UP: readonly string[] = ['HS_FUNCTION_CPU', 'HS_FUNCTION_STARVED'];
/** Of the requests of a window or a pass, those that may be answered so; of a few requests one. */
export const STRAY_SHARE = 0.01;

/** Requests that were answered with an error that a busy machine explains, and were few. */
export interface Stray {
  readonly where: string;
  readonly code: string;
  readonly count: number;
  /** Requests there, in all windows. */
  readonly of: number;
}

/** What became of some requests. */
export interface Replies {
  readonly where: string;
  readonly requests: number;
  /** Those that were not answered well, replies that did not come included. */
  readonly bad: number;
  /** How many of them had each code; the rest had no reply. */
  readonly codes: readonly (readonly [code: string, count: number])[];
  /** The beginning of the first bad one. */
  readonly text: string;
  readonly hint?: string | undefined;
}

/** Counts the errors that are let pass, so that none of them ends a run, and all of them are told. */
export class Strays {
  readonly #requests = new Map<string, number>();
  readonly #counts = new Map<string, Map<string, number>>();

  /** @throws the code of the errors, where they are too many or of another kind: figures of errors say nothing */
  judge(name: string, replies: Replies): void {
    const { requests, bad, codes } = replies;
    const busy = sum(codes.filter(([code]) => BUSY_CODES.includes(code)));
    if (bad > busy || busy > allowed(requests)) throw badReplies(name, replies);
    this.count(replies);
  }

  count({ where, requests, codes }: Replies): void {
    this.#requests.set(where, (this.#requests.get(where) ?? 0) + requests);
    const counts = this.#counts.get(where) ?? new Map<string, number>();
    this.#counts.set(where, counts);
    for (const [code, count] of codes) counts.set(code, (counts.get(code) ?? 0) + count);
  }

  list(): readonly Stray[] {
    return [...this.#counts].flatMap(([where, counts]) =>
      [...counts].map(([code, count]) => ({ where, code, count, of: this.#requests.get(where) ?? 0 })),
    );
  }
}

/**
 * Whether they are more than strays and may still be of one moment: where a function is held up for so long that its
 * cell is ended, all that is under way hears of it.
 */
export function isBurst({ requests, bad, codes }: Replies): boolean {
  return bad > allowed(requests) && bad === sum(codes.filter(([code]) => HELD_UP.includes(code)));
}

const allowed = (requests: number): number => Math.max(1, STRAY_SHARE * requests);

/** @returns what to do about an error that the sender's request is not to blame for; undefined for others */
export function busyHint(code: string): string | undefined {
  if (!BUSY_CODES.includes(code) || !isErrorCode(code)) return undefined;
  return `${ERROR_CODES[code].remedy}. Where the machine was busy, measure again with nothing beside it`;
}

function badReplies(name: string, { where, requests, bad, codes, text, hint }: Replies): HairspringError {
  const worst = codes.find(([code]) => !BUSY_CODES.includes(code)) ?? codes[0];
  const code = worst?.[0];
  const kinds = codes.map(([each, count]) => (codes.length === 1 ? each : `${each} (${count})`));
  const what = code === undefined ? 'had no reply' : `were answered with ${kinds.join(', ')}`;
  const silent = code === undefined ? 0 : bad - sum(codes);
  const rest = silent === 0 ? '' : `, and ${silent} had no reply`;
  const first = text === '' ? '' : `; the first: ${text}`;
  const known = hint ?? (code === undefined ? undefined : busyHint(code));
  return new HairspringError(
    code !== undefined && isErrorCode(code) ? code : 'HS_FUNCTION_NO_REPLY',
    `Cannot measure "${name}": ${bad} of ${requests} requests ${where} ${what}${rest}${first}`,
    known === undefined ? {} : { hint: known },
  );
}

function sum(codes: readonly (readonly [string, number])[]): number {
  return codes.reduce((total, [, count]) => total + count, 0);
}
