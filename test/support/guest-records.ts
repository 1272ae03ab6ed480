import type { Extra } from '../../src/runtime/wire/batch.ts';
import { type GuestRecord, readGuestBatch } from '../../src/runtime/wire/guest-records.ts';

/** All records of a batch that a guest has sent. */
export function readAll(json: string, extras: readonly Extra[]): GuestRecord[] {
  const records: GuestRecord[] = [];
  readGuestBatch(json, extras, (record) => records.push(record));
  return records;
}
