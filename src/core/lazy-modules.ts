/**
 * Modules of Node that are loaded when they are first used. An import statement reads every export of a
 * module, and some of `node:http` and `node:util` load others when they are read: for `node:http` 121 instead of
 * 37, undici, HTTP/2 and web streams among them (docs/decisions/0017).
 */
import type * as NodeHttp from 'node:http';
import type * as NodeHttps from 'node:https';
import type * as NodeUtil from 'node:util';
import type * as NodeZlib from 'node:zlib';

export function nodeHttp(): typeof NodeHttp {
  return process.getBuiltinModule('node:http');
}

export function nodeHttps(): typeof NodeHttps {
  return process.getBuiltinModule('node:https');
}

export function nodeUtil(): typeof NodeUtil {
  return process.getBuiltinModule('node:util');
}

export function nodeZlib(): typeof NodeZlib {
  return process.getBuiltinModule('node:zlib');
}
