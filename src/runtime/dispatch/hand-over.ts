import {
  answersMethod,
  type FunctionSpec,
  HairspringError,
  INVOKE_TRIGGER,
  type Invocation,
  isHttpTrigger,
  routeShape,
  type Trigger,
} from '../../core/index.ts';

/**
 * Finds the trigger of an invocation that waits among those of the version that is to run it: they may stand in another
 * order, or be gone. A message runs without captures then, a request does not run at all: it would be taken for a message.
 * @returns why that version cannot take it, if it cannot
 */
export function handOver(
  invocation: Invocation,
  from: FunctionSpec,
  to: FunctionSpec,
): HairspringError | undefined {
  const trigger = from.triggers[invocation.triggerIndex];
  if (trigger === undefined) return undefined;
  invocation.triggerIndex = to.triggers.findIndex((one) => isSame(one, trigger, invocation));
  if (invocation.triggerIndex !== INVOKE_TRIGGER || !isHttpTrigger(trigger)) return undefined;
  return new HairspringError(
    'HS_GATEWAY_NO_ROUTE',
    `Cannot take the request: the version of ${to.name} that has come meanwhile has no route for it`,
  );
}

function isSame(one: Trigger, other: Trigger, { subject }: Invocation): boolean {
  if (!isHttpTrigger(one) || !isHttpTrigger(other))
    return one.kind === 'subject' && other.kind === 'subject' && one.subject === other.subject;
  const method = subject.slice(0, subject.indexOf(' '));
  return routeShape(one) === routeShape(other) && answersMethod(one, method);
}
