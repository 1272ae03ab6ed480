import { parseMimeType } from './mime-type.ts';

const MIME_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'];
const UNSAFE = /[\0-\x08\x0a-\x1f"():<>?@[\\\]{}\x7f]/;

/** https://fetch.spec.whatwg.org/#no-cors-safelisted-request-header */
export function isSafelisted(name: string, value: string): boolean {
  if (value.length > 128) return false;
  switch (name) {
    case 'accept':
      return !UNSAFE.test(value);
    case 'accept-language':
    case 'content-language':
      return /^[0-9A-Za-z *,\-.;=]*$/.test(value);
    case 'content-type':
      return (
        value === '' || (!UNSAFE.test(value) && MIME_TYPES.includes(parseMimeType(value)?.essence ?? ''))
      );
    default:
      return false;
  }
}

const CONNECTION_HEADERS = [
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/**
 * Headers that the host sets or leaves out itself. Of those that the standard forbids beside them, a server
 * has good reasons to send some: cookie, origin, referer, date.
 */
export function isConnectionHeader(name: string): boolean {
  return CONNECTION_HEADERS.includes(name) || name.startsWith('proxy-');
}
