import {
  answersMethod,
  type FunctionSpec,
  INVOKE_TRIGGER,
  type Invocation,
  isHttpTrigger,
  routeShape,
  type Trigger,
  triggerKey,
} from '../../core/index.ts';

/**
 * The place of an invocation's trigger in the version that is to take it over: it may stand elsewhere there.
 * @returns undefined when that version has it no more
 */
export function placeInNext(
  invocation: Invocation,
  from: FunctionSpec,
  to: FunctionSpec,
): number | undefined {
  const trigger = from.triggers[invocation.triggerIndex];
  // It came by the name of the function, which is the same.
  if (trigger === undefined) return INVOKE_TRIGGER;
  const place = to.triggers.findIndex((one) => isSame(one, trigger, invocation));
  return place === -1 ? undefined : place;
}

function isSame(one: Trigger, other: Trigger, { subject }: Invocation): boolean {
  if (!isHttpTrigger(one) || !isHttpTrigger(other)) return triggerKey(one) === triggerKey(other);
  const method = subject.slice(0, subject.indexOf(' '));
  return routeShape(one) === routeShape(other) && answersMethod(one, method);
}
