import type { Binding, Source, StartRequest, Trigger } from '../../core/index.ts';
import { HairspringError, unreachable } from '../../core/index.ts';
import { kvOptionsToWire, objectStoreToWire } from '../../hostservices/schemas.ts';
import { httpTriggerToWire } from '../../triggers/schemas.ts';
import { createChecker, problemsToError } from './check.ts';
import { limitsToWire } from './limits-schema.ts';
import { startRequestSchema } from './start-request-schema.ts';

const checker = createChecker(startRequestSchema, 'the start request');

/**
 * Parses the `run_request` of a deploy request: JSON text, or the value that it stands for. Messages
 * name the place as a path such as `triggers[0].subject`.
 * @throws HS_REQUEST_INVALID when the text is not JSON; HS_NEXFILE_INVALID, HS_TRIGGER_FORBIDDEN
 */
export function parseStartRequest(runRequest: unknown): StartRequest {
  const result = checker.check(typeof runRequest === 'string' ? parseJson(runRequest) : runRequest);
  if ('value' in result) return result.value;
  throw problemsToError(result.problems.map((problem) => ({ problem })));
}

/**
 * `start` in the form of a Nexfile's `start_request`, which {@link parseStartRequest} reads back.
 * @param source where the code is when it is elsewhere than `start` says, as after an upload
 */
export function startRequestToWire(start: StartRequest, source: Source = start.source): object {
  return {
    ...(source.kind === 'main' ? { main: source.path } : { uri: source.uri }),
    triggers: start.triggers.map(triggerToWire),
    bindings: Object.fromEntries(
      Object.entries(start.bindings).map(([label, binding]) => [label, bindingToWire(binding)]),
    ),
    environment: start.environment,
    limits: limitsToWire(start.limits),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new HairspringError('HS_REQUEST_INVALID', 'Cannot read run_request: it is not JSON', { cause });
  }
}

function triggerToWire(trigger: Trigger): object {
  switch (trigger.kind) {
    case 'subject':
      return { subject: trigger.pattern, fanout: trigger.fanout };
    case 'http':
      return httpTriggerToWire(trigger);
    default:
      return unreachable(trigger);
  }
}

function bindingToWire(binding: Binding): object {
  switch (binding.service) {
    case 'kv':
      return {
        kv: binding.bucket,
        access: binding.access,
        keys: binding.keys,
        existing: binding.existing,
        ...kvOptionsToWire(binding.options),
      };
    case 'objectstore':
      return objectStoreToWire(binding);
    case 'http':
      return {
        http: binding.urls,
        ...(binding.methods.length === 0 ? {} : { methods: binding.methods }),
        private: binding.private,
      };
    case 'messaging':
      return {
        ...(binding.publish.length === 0 ? {} : { publish: binding.publish }),
        ...(binding.request.length === 0 ? {} : { request: binding.request }),
        ...(binding.call.length === 0 ? {} : { call: binding.call }),
      };
    case 'secret':
      return { secret: binding.secret };
    default:
      return unreachable(binding);
  }
}
