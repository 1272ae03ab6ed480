import type { IncomingMessage } from 'node:http';
import { type FunctionDefinition, formatBytes, HairspringError } from '../../core/index.ts';
import { BodyBuffer } from './body-buffer.ts';
import type { Share } from './load.ts';
import { invalid } from './request-target.ts';

/**
 * Refuses what cannot become a body that the function takes, before any of it is read.
 * @throws HS_GATEWAY_REQUEST_INVALID, HS_PAYLOAD_TOO_LARGE
 */
export function checkBody(request: IncomingMessage, definition: FunctionDefinition): void {
  const { method, httpVersion } = request;
  const coding = request.headers['transfer-encoding'];
  // Another coding would reach the function undone, and without the header that names it.
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    throw invalid('its transfer coding is another than chunked');
  if (coding !== undefined && httpVersion === '1.0') throw invalid('HTTP/1.0 has no transfer codings');
  if (hasBody(request) && (method === 'GET' || method === 'HEAD'))
    throw invalid(`a ${method} request has no body`);
  if (declaredBytes(request) > definition.limits.payloadBytes) throw tooLarge(definition);
}

/** Whether all of it is here. Node has not come to the end of a request without a body when it tells of it. */
export function isWhole(request: IncomingMessage): boolean {
  return request.complete || !hasBody(request);
}

function hasBody(request: IncomingMessage): boolean {
  return declaredBytes(request) > 0 || request.headers['transfer-encoding'] !== undefined;
}

function declaredBytes({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? 0);
}

const NOTHING = new Uint8Array(0);

/**
 * Reads the body as a whole. What is read counts in `share`.
 * @throws HS_PAYLOAD_TOO_LARGE, HS_GATEWAY_BUSY, HS_GATEWAY_REQUEST_INVALID when the client goes away
 */
export async function readBody(
  request: IncomingMessage,
  definition: FunctionDefinition,
  share: Share,
): Promise<Uint8Array> {
  if (!hasBody(request)) return NOTHING;
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const { payloadBytes } = definition.limits;
  const body = new BodyBuffer(declaredBytes(request) || payloadBytes, (bytes) => share.hold(bytes));
  const take = (chunk: Uint8Array): void => {
    try {
      if (body.length + chunk.length > payloadBytes) throw tooLarge(definition);
      body.add(chunk);
    } catch (error) {
      // The rest stays unread, and the connection open for the answer that says why.
      request.off('data', take).pause();
      reject(error);
    }
  };
  request.on('data', take);
  request.once('end', () => resolve(body.take()));
  request.once('close', () => {
    if (!request.complete) reject(invalid('it ended before its body did'));
  });
  return await promise;
}

function tooLarge({ name, limits }: FunctionDefinition): HairspringError {
  const limit = formatBytes(limits.payloadBytes);
  return new HairspringError(
    'HS_PAYLOAD_TOO_LARGE',
    `Cannot send the request to ${name}: its body is over limits.payload of ${limit}`,
  );
}
