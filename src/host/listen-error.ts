import { HairspringError } from '../core/index.ts';

/** What the system says of an address that it does not let us have, in words. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not listen there',
  EADDRNOTAVAIL: 'this machine has no such address',
  EAI_AGAIN: 'the name cannot be resolved now',
  ENOTFOUND: 'there is no such host',
};

/**
 * Why a server could not listen.
 * @param action as in `Cannot serve HTTP`
 * @param option that names the address
 * @returns HS_PORT_TAKEN, or HS_USAGE when there is no such address
 */
export function listenError(
  action: string,
  { host, port }: { readonly host: string; readonly port: number },
  option: string,
  cause: unknown,
): HairspringError {
  const where = `${action} at ${host}:${port}`;
  const hint = `Name another address with ${option}, such as 127.0.0.1:0 for any free port`;
  const { code = '', message } = cause as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE')
    return new HairspringError('HS_PORT_TAKEN', `${where}: the port is in use`, { cause, hint });
  return new HairspringError('HS_USAGE', `${where}: ${REASONS[code] ?? message}`, { cause, hint });
}
