import type { MsgHdrs } from '@nats-io/transport-node';

/** What was done to a key, by the names of the client libraries. */
export type KvEntryOperation = 'PUT' | 'DEL' | 'PURGE';

/** A message of a bucket's stream. */
export interface StoredMessage {
  readonly subject: string;
  readonly revision: number;
  readonly createdMs: number;
  readonly headers: MsgHdrs | undefined;
  readonly data: Uint8Array;
}

interface WithHeaders {
  readonly headers?: MsgHdrs | undefined;
}

/** Markers are made by clients when they delete, and by the server when a value expires. */
export function operationOf({ headers }: WithHeaders): KvEntryOperation {
  if (headers === undefined) return 'PUT';
  const operation = headers.get('KV-Operation');
  if (operation === 'DEL' || operation === 'PURGE') return operation;
  const reason = headers.get('Nats-Marker-Reason');
  if (reason === '') return 'PUT';
  return reason === 'Remove' ? 'DEL' : 'PURGE';
}

/** Whether it holds a value, and is no marker that one was deleted or has expired. */
export function isPut(message: WithHeaders): boolean {
  return operationOf(message) === 'PUT';
}
