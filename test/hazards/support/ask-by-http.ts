/** One HTTP request, whose outcome is told as that of a message is. */
import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Answer } from '../../support/load.ts';

const HEARD_WITHIN_MS = 10_000;

/** Posts `payload` to the host of that name; never throws. */
export async function askByHttp(url: string, host: string, payload: string): Promise<Answer> {
  const startedMs = performance.now();
  const told = (outcome: string, body = ''): Answer => ({
    outcome,
    text: body,
    headers: undefined,
    tookMs: performance.now() - startedMs,
  });
  const signal = AbortSignal.timeout(HEARD_WITHIN_MS);
  try {
    const asking = request(url, { method: 'POST', headers: { host }, signal });
    asking.end(payload);
    const [response] = await once(asking, 'response');
    const body = await text(response);
    return told(response.statusCode === 200 ? 'ok' : codeOf(body, response.statusCode), body);
  } catch (error) {
    return told(signal.aborted ? 'silent' : `failed: ${error}`);
  }
}

/** Of a problem by RFC 9457. */
function codeOf(body: string, status: number): string {
  const [, code = `status ${status}`] = /"code":\s*"(HS_[A-Z_]+)"/.exec(body) ?? [];
  return code;
}
