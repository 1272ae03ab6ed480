/** Sends requests and measures. Started by `startLoadProcess`. */
import { CodeCounts } from './code-counts.ts';
import { openHttpRequests } from './http-requests.ts';
import type { LoadOptions, LoadProcessCommands, Target, TimedRequest } from './load-commands.ts';
import { type Loop, measureWindow } from './load-window.ts';
import { openMessageRequests } from './message-requests.ts';
import { measureOpenWindow } from './open-load-window.ts';
import type { OpenSlotsOf } from './open-slots.ts';
import { childOptions, serveParent } from './serve-parent.ts';
import { sleep } from './sleep.ts';

const RECOVER_TIMEOUT_MS = 10_000;
const RETRY_MS = 1;

const options = childOptions<LoadOptions>();
const messages = await openMessageRequests(options);
const http = openHttpRequests(options);

function startLoop(target: Target, inFlight: number, onWrong: (code: string) => void): Promise<Loop> {
  if (target.transport === 'http') return http.startLoop(target, inFlight, onWrong);
  return messages.startLoop(target, inFlight, onWrong);
}

function openSlots(target: Target, onWrong: (code: string) => void): OpenSlotsOf {
  return target.transport === 'http' ? http.slots(target, onWrong) : messages.slots(target, onWrong);
}

function timeOne(target: Target): Promise<TimedRequest> {
  return target.transport === 'http' ? http.timeOne(target) : messages.timeOne(target);
}

serveParent<LoadProcessCommands>(
  {
    async load({ target, inFlight, warmupMs, windowMs, pids }) {
      const counts = new CodeCounts();
      const loop = await startLoop(target, inFlight, counts.add);
      const window = await measureWindow(loop, { warmupMs, windowMs, drainMs: options.timeoutMs, pids });
      return { ...window, codes: counts.toPairs() };
    },
    async openLoad({ target, pids, ...rate }) {
      const counts = new CodeCounts();
      const open = openSlots(target, counts.add);
      const window = await measureOpenWindow({ ...rate, open, drainMs: options.timeoutMs }, pids);
      return { ...window, codes: counts.toPairs() };
    },
    async sequence({ targets, pauseMs, goOnAfter }) {
      const requests: TimedRequest[] = [];
      for (const target of targets) {
        await sleep(pauseMs);
        const request = await timeOne(target);
        requests.push(request);
        if (request.wrong !== null && !goOnAfter.includes(request.wrong.code ?? '')) break;
      }
      return requests;
    },
    async recover({ pid, target }) {
      const startedMs = performance.now();
      process.kill(pid, 'SIGKILL');
      while (performance.now() - startedMs < RECOVER_TIMEOUT_MS) {
        const { wrong } = await timeOne(target);
        if (wrong === null) return performance.now() - startedMs;
        await sleep(RETRY_MS);
      }
      return null;
    },
  },
  async () => {
    await http[Symbol.asyncDispose]();
    await messages[Symbol.asyncDispose]();
  },
);
