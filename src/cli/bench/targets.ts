import { hairspringSubjects, REQUEST_HEADERS } from '../../core/index.ts';
import type { Target } from '../../measure/index.ts';
import type { BenchRun, HttpTo, MessagesTo, Stage } from './bench-run.ts';
import { copyName, copyPath } from './copies.ts';

/** Requests that reach the function that is measured, also while copies of it have the same subjects. */
export function targetOf(run: BenchRun, stage: Stage): Target {
  const { request, prepared } = run;
  const { to } = request;
  if (to.transport === 'http') return byHttp(run, stage, to);
  return byName(run, prepared.manifest.name, to);
}

/** Requests that reach one of its copies. */
export function targetOfCopy(run: BenchRun, stage: Stage, index: number): Target {
  const { to } = run.request;
  if (to.transport === 'http') return byHttp(run, stage, { ...to, path: copyPath(index, to.path) });
  return byName(run, copyName(index), to);
}

/** Requests as the function's trigger gets them; by name where it has none. */
export function targetOfTrigger(run: BenchRun, stage: Stage): Target {
  const { to, headers } = run.request;
  if (to.transport === 'http' || to.subject === undefined) return targetOf(run, stage);
  return { transport: 'nats', subject: to.subject, headers: Object.entries(headers) };
}

function byName({ context, request }: BenchRun, name: string, { subject }: MessagesTo): Target {
  const standsFor = subject === undefined ? {} : { [REQUEST_HEADERS.subject]: subject };
  return {
    transport: 'nats',
    subject: hairspringSubjects.invoke(context.options.namespace, name),
    headers: Object.entries({ ...request.headers, ...standsFor }),
  };
}

function byHttp({ request }: BenchRun, { host }: Stage, to: HttpTo): Target {
  return { ...to, port: host.httpPort, headers: Object.entries(request.headers) };
}
