import { HairspringError, isSafeHeader } from '../../core/index.ts';
import { OBJECT_LIMITS } from './limits.ts';
import { isRecord, type ObjectMeta, parseRecord } from './meta.ts';

export type PutOptions = Pick<ObjectMeta, 'description' | 'headers' | 'metadata'>;

const KEYS = ['description', 'headers', 'metadata'];

/**
 * What a function says of an object that it puts.
 * @param json nothing in it is trusted
 * @throws HS_HOST_CALL_INVALID
 */
export function parsePutOptions(name: string, json: unknown): PutOptions {
  if (typeof json !== 'string' || json.length > OBJECT_LIMITS.optionChars)
    throw invalid(name, `its options are more than ${OBJECT_LIMITS.optionChars} characters of JSON`);
  const options = parseRecord(json);
  if (options === undefined) throw invalid(name, 'its options are not a map');
  const unknown = Object.keys(options).find((key) => !KEYS.includes(key));
  if (unknown !== undefined)
    throw invalid(name, `there is no option ${JSON.stringify(unknown.slice(0, 100))}`);
  const { description = '', headers = {}, metadata = {} } = options;
  if (typeof description !== 'string') throw invalid(name, 'its description is not text');
  return {
    description,
    headers: parseHeaders(name, headers),
    metadata: parseMetadata(name, metadata),
  };
}

function parseHeaders(name: string, headers: unknown): Record<string, readonly string[]> {
  if (!isRecord(headers)) throw invalid(name, 'its headers are not a map');
  const parsed = Object.entries(headers).map(([header, value]) => {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    const texts = values.filter((each) => typeof each === 'string');
    if (texts.length !== values.length || !texts.every((text) => isSafeHeader(header, text)))
      throw invalid(name, `the header ${JSON.stringify(header.slice(0, 100))} is not one that can be sent`);
    return [header, texts] as const;
  });
  return Object.fromEntries(parsed);
}

function parseMetadata(name: string, metadata: unknown): Record<string, string> {
  if (!isRecord(metadata)) throw invalid(name, 'its metadata is not a map');
  const parsed = Object.entries(metadata).map(([key, value]) => {
    if (typeof value === 'string') return [key, value] as const;
    throw invalid(name, `its metadata ${JSON.stringify(key.slice(0, 100))} is not text`);
  });
  return Object.fromEntries(parsed);
}

function invalid(name: string, reason: string): HairspringError {
  return new HairspringError('HS_HOST_CALL_INVALID', `Cannot put object ${JSON.stringify(name)}: ${reason}`);
}
