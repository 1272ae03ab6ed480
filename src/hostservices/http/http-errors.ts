import { HairspringError } from '../../core/index.ts';
import { showUrl } from './grant.ts';
import { HTTP_LIMITS } from './limits.ts';

/** What Node says of an error. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** What is said of failures; nothing of the library's own words, which name addresses. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'the connection timed out',
  EPIPE: 'the connection was closed',
  EPROTO: 'TLS failed',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate chain is self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate cannot be verified',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

/** What goes wrong before the headers of an answer are there. */
export function toHttpError(error: unknown, url: URL): HairspringError {
  if (HairspringError.is(error)) return error;
  const code = codeOf(error);
  const options = { cause: error };
  if (code === 'HPE_HEADER_OVERFLOW')
    return new HairspringError(
      'HS_HTTP_TOO_LARGE',
      `Cannot fetch ${showUrl(url)}: the headers of its answer are over the limit of ${HTTP_LIMITS.responseHeaderBytes} bytes`,
      options,
    );
  const reason =
    REASONS[code] ??
    (isMalformed(code) ? `its answer is not what it should be (${code})` : 'the connection failed');
  return new HairspringError('HS_HTTP_UNREACHABLE', `Cannot fetch ${showUrl(url)}: ${reason}`, options);
}

/** What goes wrong with the body of an answer. */
export function toBodyError(error: unknown, url: URL): HairspringError {
  if (HairspringError.is(error)) return error;
  const code = codeOf(error);
  if (isMalformed(code) && !ENDS.has(code)) return toHttpError(error, url);
  return new HairspringError(
    'HS_HTTP_CUT',
    `Cannot read the body of ${showUrl(url)}: it ended before its end`,
    { cause: error },
  );
}

/** The content is as it should be, as far as it goes. */
const ENDS = new Set(['Z_BUF_ERROR', 'ERR_STREAM_PREMATURE_CLOSE']);

function isMalformed(code: string): boolean {
  return /^(?:HPE|Z|ERR)_/.test(code);
}
