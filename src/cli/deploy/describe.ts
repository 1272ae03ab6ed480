import {
  type Binding,
  type FunctionLimits,
  formatBytes,
  formatDuration,
  isHttpTrigger,
  type Trigger,
} from '../../core/index.ts';

/** A trigger in one line. */
export function describeTrigger(trigger: Trigger): string {
  if (!isHttpTrigger(trigger)) return trigger.fanout ? `${trigger.pattern} (fanout)` : trigger.pattern;
  return `${trigger.methods.join(',') || 'ANY'} ${trigger.pattern}`;
}

/** A binding in one line: `COUNTERS: kv counters, read-write, keys pages.*`. */
export function describeBinding(label: string, binding: Binding): string {
  switch (binding.service) {
    case 'kv': {
      const keys = binding.keys === '>' ? '' : `, keys ${binding.keys}`;
      return `${label}: kv ${binding.bucket}, ${binding.access}${keys}`;
    }
    case 'objectstore':
      return `${label}: objectstore ${binding.bucket}, ${binding.access}`;
    case 'http': {
      const methods = binding.methods.length === 0 ? '' : `, ${binding.methods.join(' ')}`;
      return `${label}: http ${binding.urls.join(' ')}${methods}${binding.private ? ', private addresses' : ''}`;
    }
    case 'messaging': {
      const grants = (['publish', 'request', 'call'] as const)
        .filter((op) => binding[op].length > 0)
        .map((op) => `${op} ${binding[op].join(' ')}`);
      return `${label}: messaging, ${grants.join(', ')}`;
    }
    case 'secret':
      return `${label}: secret ${binding.secret}`;
    default: {
      // A node of another version may have host services that are not known here.
      const { service }: { readonly service: string } = binding satisfies never;
      return `${label}: ${service}`;
    }
  }
}

/** A binding in one line without its label. */
export function describeGrant(binding: Binding): string {
  return describeBinding('', binding).replace(/^: /, '');
}

/** The limits that people ask for first, in one line. */
export function describeLimits({ timeoutMs, cpuMs, memoryBytes }: FunctionLimits): string {
  return `${formatDuration(timeoutMs)}, cpu ${formatDuration(cpuMs)}, ${formatBytes(memoryBytes)}`;
}
