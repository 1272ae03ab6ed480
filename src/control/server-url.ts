import { HairspringError, type NatsEndpoint } from '../core/index.ts';

export interface ParsedServers {
  /** `nats://host:port` or `tls://host:port`, without user and password. */
  readonly servers: readonly string[];
  /** User and password, or token, of the first address that has them. */
  readonly credentials: Pick<NatsEndpoint, 'user' | 'password' | 'token'>;
}

const DEFAULT_PORT = '4222';

/**
 * Parses `nats://a:4222,b,tls://user:password@c`.
 * @throws HS_CONTEXT_INVALID naming the address and `source`, where it was found
 */
export function parseServers(text: string, source: string): ParsedServers {
  const parsed = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => parseServer(part, source));
  if (parsed.length === 0) throw invalid(text, source, 'it is empty');
  return {
    servers: parsed.map(({ server }) => server),
    credentials: parsed.find(({ credentials }) => Object.keys(credentials).length > 0)?.credentials ?? {},
  };
}

function parseServer(
  text: string,
  source: string,
): { readonly server: string; readonly credentials: ParsedServers['credentials'] } {
  const withScheme = text.includes('://') ? text : `nats://${text}`;
  const url = URL.parse(withScheme);
  if (url === null || url.hostname === '') throw invalid(text, source, 'it is not an address');
  if (url.protocol !== 'nats:' && url.protocol !== 'tls:') {
    throw invalid(text, source, `the scheme "${url.protocol.slice(0, -1)}" is neither nats nor tls`);
  }
  const user = decoded(url.username);
  const password = decoded(url.password);
  const server = `${url.protocol}//${url.hostname}:${url.port || DEFAULT_PORT}`;
  if (user === '') return { server, credentials: {} };
  return { server, credentials: url.password === '' ? { token: user } : { user, password } };
}

/** A password with a bare `%` is meant as it is written. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function invalid(text: string, source: string, reason: string): HairspringError {
  const shown = text.replace(/[^@/,]*@/g, '');
  return new HairspringError(
    'HS_CONTEXT_INVALID',
    `Cannot use the server "${shown}" of ${source}: ${reason}`,
    {
      hint: 'Write it like nats://host:4222',
    },
  );
}
