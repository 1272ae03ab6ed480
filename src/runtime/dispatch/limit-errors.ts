import {
  type FunctionSpec,
  formatBytes,
  formatDuration,
  HairspringError,
  HOST_LIMITS,
} from '../../core/index.ts';
import type { EntryFault } from '../isolate/entry-outcome.ts';
import { MAX_OUTPUT_BYTES } from '../isolate/guest-outputs.ts';

export function payloadTooLarge({ name, limits }: FunctionSpec, bytes: number): HairspringError {
  const limit = formatBytes(limits.payloadBytes);
  return new HairspringError(
    'HS_PAYLOAD_TOO_LARGE',
    `Cannot invoke ${name}: ${bytes} bytes exceed limits.payload of ${limit}`,
  );
}

export function overloaded({ name, limits }: FunctionSpec): HairspringError {
  const detail = `${limits.concurrency} invocations run (limits.concurrency) and ${limits.queue} wait (limits.queue)`;
  return new HairspringError('HS_FUNCTION_OVERLOADED', `Cannot invoke ${name}: ${detail}`);
}

/** The messages that wait and run are too many bytes, though not too many. */
export function backlogFull(
  { name, limits }: FunctionSpec,
  full: 'function' | 'cell',
  limitBytes: number,
): HairspringError {
  const limit = formatBytes(limitBytes);
  const detail =
    full === 'function'
      ? `its messages that run and wait fill the ${limit} that a function with limits.payload of ${formatBytes(limits.payloadBytes)} may hold`
      : `the messages that run and wait in its cell fill the ${limit} that all its functions together may hold`;
  return new HairspringError('HS_FUNCTION_OVERLOADED', `Cannot invoke ${name}: ${detail}`);
}

/** @param grantedMs the function's limit, or what its caller waits for where that is less */
export function timedOut({ name, limits }: FunctionSpec, grantedMs: number): HairspringError {
  const limit =
    grantedMs < limits.timeoutMs
      ? `the ${formatDuration(grantedMs)} for which its caller waits`
      : `limits.timeout of ${formatDuration(limits.timeoutMs)}`;
  return new HairspringError('HS_FUNCTION_TIMEOUT', `${name} did not answer within ${limit}`);
}

/** The caller says that it waits no longer. */
export function callerGone({ name }: FunctionSpec): HairspringError {
  return new HairspringError('HS_FUNCTION_TIMEOUT', `Cannot invoke ${name}: its caller waits no longer`);
}

export function cancelled({ name }: FunctionSpec): HairspringError {
  return new HairspringError('HS_FUNCTION_CANCELLED', `The invocation of ${name} was cancelled`);
}

/** What an invocation hears by its signal shortly before its instance is disposed. */
export function stopping({ name }: FunctionSpec): HairspringError {
  return new HairspringError('HS_DRAINING', `${name} is about to be stopped with its node`);
}

/** What `waitUntil` was given went on for too long after the reply. */
export function tailTooLong({ name }: FunctionSpec): HairspringError {
  const limit = formatDuration(HOST_LIMITS.tailMs);
  return new HairspringError(
    'HS_FUNCTION_TIMEOUT',
    `What ${name} gave to waitUntil did not end within ${limit} of the reply and was cancelled`,
  );
}

export function cpuExceeded({ name, limits }: FunctionSpec): HairspringError {
  const limit = formatDuration(limits.cpuMs);
  return new HairspringError('HS_FUNCTION_CPU', `${name} held the thread longer than limits.cpu of ${limit}`);
}

/** Its thread has stood still for most of the time that `limits.cpu` gives it by the clock. */
export function starved({ name, limits }: FunctionSpec): HairspringError {
  const limit = formatDuration(limits.cpuMs);
  return new HairspringError(
    'HS_FUNCTION_STARVED',
    `${name} was ended when limits.cpu of ${limit} had passed by the clock, though its thread had run for little of it: the machine is busy`,
  );
}

/** Its instance was the oldest of too many that take nothing new, and still hold something. */
export function tooManyRetired({ name, limits }: FunctionSpec, most: number): HairspringError {
  const limit = formatDuration(limits.cpuMs);
  return new HairspringError(
    'HS_FUNCTION_CPU',
    `An invocation of ${name} was ended with its instance: more than ${most} that overran limits.cpu of ${limit}, or were worn out, still held invocations`,
  );
}

/** What the invocations of an isolate hear that an entry ended. */
export function isolateLost(
  { name, limits }: FunctionSpec,
  fault: Exclude<EntryFault, { kind: 'cpu' }>,
): HairspringError {
  switch (fault.kind) {
    case 'broken':
      return new HairspringError('HS_GUEST_TAMPERED', `${name} broke its runtime: ${fault.message}`);
    case 'overrun':
      return new HairspringError(
        'HS_FUNCTION_CPU',
        `${name} held a thread longer than limits.cpu of ${formatDuration(limits.cpuMs)} and its instance was disposed`,
      );
    case 'output':
      return new HairspringError(
        'HS_FUNCTION_MEMORY',
        `${name} handed out more at once than the ${formatBytes(MAX_OUTPUT_BYTES)} that a cell takes`,
      );
    case 'memory':
      return new HairspringError(
        'HS_FUNCTION_MEMORY',
        `${name} passed limits.memory of ${formatBytes(limits.memoryBytes)} and its instance was disposed`,
      );
  }
}
