import { InvalidArgumentError } from 'commander';

/** Where to listen. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** For the parsers of options. @throws InvalidArgumentError */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new InvalidArgumentError('A port is a number from 0 to 65535; 0 takes any free one.');
}

/** `PORT` of loopback, `HOST:PORT` or `[IPv6]:PORT`. @throws InvalidArgumentError */
export function parseAddress(text: string): ListenAddress {
  const parts = /^(?:(?:\[(?<six>[^\]]+)\]|(?<host>[^:]+)):)?(?<port>\d+)$/.exec(text)?.groups;
  if (parts === undefined)
    throw new InvalidArgumentError('An address is PORT, HOST:PORT or [IPv6]:PORT, such as 127.0.0.1:9464.');
  return { host: parts['six'] ?? parts['host'] ?? '127.0.0.1', port: parsePort(parts['port'] ?? '') };
}
