import { hash } from 'node:crypto';
import {
  HairspringError,
  type HostCall,
  type HostCallResult,
  type PreparedBinding,
} from '../../core/index.ts';

/** Web Crypto's digest algorithms by OpenSSL's names. */
const ALGORITHMS: Readonly<Record<string, string>> = {
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

/** `crypto.subtle` of every function: computes on the function's own bytes and reaches nothing outside, so it needs no grant. */
export const cryptoService: PreparedBinding = {
  async call({ op, args, payload }: HostCall): Promise<HostCallResult> {
    const name = String(args[0]).toUpperCase();
    const algorithm = Object.hasOwn(ALGORITHMS, name) ? ALGORITHMS[name] : undefined;
    if (op !== 'digest' || algorithm === undefined) {
      const known = Object.keys(ALGORITHMS).join(', ');
      throw new HairspringError(
        'HS_HOST_CALL_INVALID',
        `Cannot call crypto.subtle.${op} with "${name.slice(0, 40)}": this version has digest with ${known}`,
      );
    }
    return { value: null, data: hash(algorithm, payload ?? '', 'buffer') };
  },
};
