import { ERROR_CODES, type HairspringError, type HttpMethod, REPLY_HEADERS } from '../../core/index.ts';
import { GATEWAY_LIMITS } from './limits.ts';

/** An error as a client of HTTP hears it. */
export interface Problem {
  readonly status: number;
  /** Names and values in turn. */
  readonly fields: readonly string[];
  readonly body: string;
}

/** Longest text of an error. */
const MAX_DETAIL_CHARS = 512;

/**
 * `error` by RFC 9457. Its message is told only where the request is at fault: what went wrong inside a function or
 * the node is for the log, since anybody may send a request.
 */
export function toProblem(error: HairspringError, allowed: readonly HttpMethod[] = []): Problem {
  const { status, summary, retryable, fault } = ERROR_CODES[error.code];
  const detail = fault === 'caller' ? { detail: error.message.slice(0, MAX_DETAIL_CHARS) } : {};
  const body = JSON.stringify({
    type: 'about:blank',
    title: summary,
    status,
    ...detail,
    code: error.code,
    retryable,
  });
  const comesAgain = retryable && (status === 429 || status === 503);
  return {
    status,
    fields: [
      'Content-Type',
      'application/problem+json',
      'Cache-Control',
      'no-store',
      'X-Content-Type-Options',
      'nosniff',
      REPLY_HEADERS.code,
      error.code,
      ...(allowed.length === 0 ? [] : ['Allow', allowed.join(', ')]),
      ...(comesAgain ? ['Retry-After', String(GATEWAY_LIMITS.retryAfterSeconds)] : []),
    ],
    body: `${body}\n`,
  };
}

/** The same as bytes of HTTP/1.1, for a connection whose request could not be read. */
export function problemBytes(problem: Problem): string {
  const lines: string[] = [];
  for (let at = 0; at + 1 < problem.fields.length; at += 2)
    lines.push(`${problem.fields[at]}: ${problem.fields[at + 1]}\r\n`);
  const length = Buffer.byteLength(problem.body);
  return `HTTP/1.1 ${problem.status} ${REASONS[problem.status] ?? 'Error'}\r\n${lines.join('')}Content-Length: ${length}\r\nConnection: close\r\n\r\n${problem.body}`;
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};
