/**
 * What a function may do: each operation of a host service with what a grant covers and with what is a neighbour's,
 * against the bridge alone and against NATS alone.
 */
import assert from 'node:assert/strict';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  type Binding,
  HairspringError,
  type HostCallResult,
  type PreparedBinding,
} from '../../../src/core/index.ts';

export interface Cell {
  readonly op: string;
  /** The NATS user, who has the permissions of its grant. */
  readonly user: string;
  /** As in `t.1 of another bucket`. */
  readonly target: string;
  readonly isGranted: boolean;
  /** How NATS differs from the grant. */
  readonly nats?: 'lets it through';
  /** Undefined where a function has no way to name the target. */
  readonly bridge: Binding | undefined;
  /** A bridge that covers the target whatever the user's grant is. */
  readonly wide: Binding;
  /** Puts the target in place. */
  seed(): Promise<void>;
  attempt(call: Call): Promise<unknown>;
  /** Whether the target was written or told something. @returns undefined for what only reads */
  isTouched(): Promise<boolean> | undefined;
}

/** One service's part of the matrix. */
export interface MatrixPart {
  /** All that the service has. */
  readonly operations: readonly string[];
  /** By NATS user. */
  readonly grants: Readonly<Record<string, Binding>>;
  /** What messages quote of a grant, one of which a refusal has to have. */
  textsOf(binding: Binding): readonly string[];
  /** Makes buckets, streams and listeners. */
  prepare(all: NatsConnection): Promise<void>;
  /** @param all may do everything */
  cells(all: NatsConnection): readonly Cell[];
}

export type Call = (
  op: string,
  args: readonly (string | number | null)[],
  payload?: string | Uint8Array,
) => Promise<HostCallResult>;

let callers = 0;

/** Makes the calls of one invocation, which ends when `use` does. */
export async function inInvocation<Result>(
  prepared: PreparedBinding,
  use: (call: Call) => Promise<Result>,
): Promise<Result> {
  callers += 1;
  const caller = { id: callers, deadlineMs: performance.now() + 30_000, invocation: { headers: undefined } };
  try {
    return await use((op, args, payload) => prepared.call({ op, args, payload }, caller));
  } finally {
    prepared.ended?.(caller.id);
  }
}

/** Makes the attempt of a cell over `nc`, and says what became of it once the server has handled it. */
export async function outcomeOf(cell: Cell, prepared: PreparedBinding, nc: NatsConnection): Promise<Outcome> {
  await cell.seed();
  let refusal: HairspringError | undefined;
  try {
    await inInvocation(prepared, (call) => cell.attempt(call));
  } catch (error) {
    assert.ok(HairspringError.is(error), `${describe(cell)}: ${String(error)}`);
    refusal = error;
  }
  await nc.flush();
  return { refusal, isTouched: await cell.isTouched() };
}

export interface Outcome {
  readonly refusal: HairspringError | undefined;
  readonly isTouched: boolean | undefined;
}

export function describe({ op, target, user }: Cell): string {
  return `${op} ${target} as ${user}`;
}

export function assertWorks(cell: Cell, { refusal, isTouched }: Outcome): void {
  assert.equal(refusal?.message, undefined, describe(cell));
  assert.notEqual(isTouched, false, `${describe(cell)} has had no effect`);
}

/** @param granted what its message has to quote of the grant that is missing */
export function assertRefused(cell: Cell, { refusal, isTouched }: Outcome, granted: readonly string[]): void {
  assert.equal(refusal?.code, 'HS_BINDING_DENIED', `${describe(cell)}: ${refusal?.message ?? 'it worked'}`);
  const { message } = refusal;
  assert.match(message, /: .*\bbindings? (?:STORE )?grants? /, describe(cell));
  assert.ok(
    granted.some((text) => message.includes(text)),
    `${describe(cell)}: ${message}`,
  );
  assert.notEqual(isTouched, true, `${describe(cell)} has had an effect`);
}
