import { BlockList, isIP } from 'node:net';

/** Never an address to connect to: unspecified, multicast, reserved, broadcast. */
const UNUSABLE_V4 = ['0.0.0.0/8', '224.0.0.0/4', '240.0.0.0/4'];

/**
 * What is not public, by IANA's registry of special-purpose addresses, and beside it the addresses at which
 * clouds keep credentials that are outside those ranges.
 * https://www.iana.org/assignments/iana-ipv4-special-registry
 */
const NOT_PUBLIC_V4 = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '168.63.129.16/32',
];

const UNUSABLE_V6 = ['::/128', 'ff00::/8'];

/** Of IPv6 only this is public at all … */
const GLOBAL_V6 = ['2000::/3'];
/** … without protocol assignments and Teredo, documentation, and 6to4, which leads to any IPv4 address. */
const NOT_PUBLIC_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

/** Prefixes behind which the last 32 bits are an IPv4 address: mapped, and well-known NAT64. */
const WITH_V4 = ['::ffff:0:0/96', '64:ff9b::/96'];

const unusableV4 = listOf(UNUSABLE_V4, 'ipv4');
const notPublicV4 = listOf(NOT_PUBLIC_V4, 'ipv4');
const unusableV6 = listOf(UNUSABLE_V6, 'ipv6');
const globalV6 = listOf(GLOBAL_V6, 'ipv6');
const notPublicV6 = listOf(NOT_PUBLIC_V6, 'ipv6');
const withV4 = listOf(WITH_V4, 'ipv6');

function listOf(ranges: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits = ''] = range.split('/');
    list.addSubnet(address, Number(bits), family);
  }
  return list;
}

/**
 * What kind of address a text is: `public`, `private` (loopback, link-local, shared and all else that is
 * not public), or `unusable` (no address, unspecified, multicast, reserved).
 */
export function classifyAddress(address: string): 'public' | 'private' | 'unusable' {
  switch (isIP(address)) {
    case 4:
      if (unusableV4.check(address, 'ipv4')) return 'unusable';
      return notPublicV4.check(address, 'ipv4') ? 'private' : 'public';
    case 6: {
      // A zone names an interface of this machine.
      if (address.includes('%')) return 'unusable';
      if (withV4.check(address, 'ipv6')) return classifyAddress(lastFourBytes(address));
      if (unusableV6.check(address, 'ipv6')) return 'unusable';
      if (!globalV6.check(address, 'ipv6') || notPublicV6.check(address, 'ipv6')) return 'private';
      return 'public';
    }
    default:
      return 'unusable';
  }
}

/** The IPv4 address at the end of an IPv6 address, in either notation. */
function lastFourBytes(address: string): string {
  // The URL parser writes every IPv6 address in hexadecimal and shortened.
  const host = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1) ?? '';
  const [tail = '', ...before] = host.split(':').reverse();
  const high = before[0] ?? '';
  const bits =
    (Number.parseInt(high === '' ? '0' : high, 16) << 16) | Number.parseInt(tail === '' ? '0' : tail, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join('.');
}
