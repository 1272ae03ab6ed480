import { lookup } from 'node:dns/promises';
import { HairspringError } from '../../core/index.ts';
import { classifyAddress } from './addresses.ts';
import { type HttpGrant, showUrl } from './grant.ts';
import { isAddress } from './url-pattern.ts';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a name. Rejects when there are none. */
export type Resolver = (hostname: string) => Promise<readonly ResolvedAddress[]>;

/** As every other program of the machine finds a name: its hosts file, then DNS. */
export const systemResolver: Resolver = (hostname) => lookup(hostname, { all: true });

/**
 * The addresses that a request to `url` may connect to; it must connect to one of these, so that a name
 * that changes its answer afterwards changes nothing.
 * @throws HS_HTTP_UNREACHABLE when the name has no address, HS_HTTP_ADDRESS_DENIED when it has none allowed, and the
 *   codes of `resolve`
 */
export async function resolveAllowed(
  grant: HttpGrant,
  url: URL,
  resolve: Resolver,
): Promise<readonly ResolvedAddress[]> {
  const found = await addressesOf(url, resolve);
  const allowed = found.filter(({ address }) => {
    const kind = classifyAddress(address);
    return kind === 'public' || (kind === 'private' && grant.binding.private);
  });
  if (allowed.length > 0) return allowed;
  throw new HairspringError(
    'HS_HTTP_ADDRESS_DENIED',
    `Cannot fetch ${showUrl(url)}: its host is at an address that is not public, which binding ${grant.label} does not grant`,
  );
}

async function addressesOf(url: URL, resolve: Resolver): Promise<readonly ResolvedAddress[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isAddress(url.hostname)) return [{ address: host, family: host.includes(':') ? 6 : 4 }];
  try {
    const found = await resolve(host);
    if (found.length > 0) return found;
  } catch (cause) {
    if (HairspringError.is(cause)) throw cause;
    throw new HairspringError(
      'HS_HTTP_UNREACHABLE',
      `Cannot fetch ${showUrl(url)}: the name of its host was not found`,
      { cause },
    );
  }
  throw new HairspringError('HS_HTTP_UNREACHABLE', `Cannot fetch ${showUrl(url)}: its host has no address`);
}
