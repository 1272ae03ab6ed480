import { isIP } from 'node:net';

/** Which namespace a request is for, by its Host header alone: what is not named here is served to nobody. */
export interface HostNames {
  /** Namespace by host name, in lower case. */
  readonly names: Readonly<Record<string, string>>;
  /** The namespace of those who come to an address of this machine without a name that somebody could have given it. */
  readonly ownNamespace: string;
}

/**
 * A web page whose own name leads to this machine gives itself away by that name, so that pages of others do not reach
 * functions through the browser of whoever runs the node.
 * @param localAddress at which the request came in
 */
export function namespaceOf(
  { names, ownNamespace }: HostNames,
  hostname: string,
  localAddress: string,
): string | undefined {
  if (Object.hasOwn(names, hostname)) return names[hostname];
  const address = localAddress.replace(/^::ffff:(?=\d+\.)/, '');
  if (hostname === 'localhost') return isLoopback(address) ? ownNamespace : undefined;
  return isIP(hostname) !== 0 && hostname === address ? ownNamespace : undefined;
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^127\./.test(address);
}
