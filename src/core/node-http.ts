import type * as NodeHttp from 'node:http';
import type * as NodeHttps from 'node:https';

/**
 * Node's HTTP modules, loaded when they are first used. An import statement for them reads every export of
 * `node:http`, some of which load undici, HTTP/2 and web streams when they are read: a third of the time that a
 * cell takes to start.
 */
export function nodeHttp(): typeof NodeHttp {
  return process.getBuiltinModule('node:http');
}

export function nodeHttps(): typeof NodeHttps {
  return process.getBuiltinModule('node:https');
}
