import { startEchoProcess, startHttpEchoProcess, type Target } from '../../measure/index.ts';
import type { BenchRun, HttpTo, Stage } from './bench-run.ts';
import { childSettings } from './child-settings.ts';

/** A program that sends back what it gets, over the transport of the requests. Disposing stops it. */
export interface Floor extends AsyncDisposable {
  readonly target: Target;
  readonly pid: number;
}

/** No function can listen there. */
const SUBJECT = '_INBOX.hairspring.bench.floor';

export function startFloor(run: BenchRun, stage: Stage): Promise<Floor> {
  const { to } = run.request;
  return to.transport === 'http' ? startHttpFloor(run, to) : startNatsFloor(run, stage);
}

async function startNatsFloor({ context }: BenchRun, { host }: Stage): Promise<Floor> {
  const { servers, creds } = host.endpoint;
  const echo = await startEchoProcess({ servers, creds, subject: SUBJECT }, childSettings(context));
  return {
    target: { transport: 'nats', subject: SUBJECT, headers: [] },
    pid: echo.pid,
    [Symbol.asyncDispose]: () => Promise.resolve(echo[Symbol.asyncDispose]()),
  };
}

/** It gets the very requests that the function gets. */
async function startHttpFloor({ context, request }: BenchRun, to: HttpTo): Promise<Floor> {
  const echo = await startHttpEchoProcess(childSettings(context));
  const port = await echo.call('port', null);
  return {
    target: { ...to, port, status: 200, headers: Object.entries(request.headers) },
    pid: echo.pid,
    [Symbol.asyncDispose]: () => Promise.resolve(echo[Symbol.asyncDispose]()),
  };
}
