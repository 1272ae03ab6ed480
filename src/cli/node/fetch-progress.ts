import { formatBytes } from '../../core/index.ts';
import type { FetchProgress } from '../../host/index.ts';
import type { Output } from '../shell/output.ts';

/** A download is told of at each of these shares of it. */
const STEPS = 4;

/** Tells people what goes on while nats-server is looked for or fetched. */
export function createFetchReporter(output: Output): (event: FetchProgress) => void {
  let shownStep = 0;
  return (event) => {
    switch (event.type) {
      case 'started':
        shownStep = 0;
        output.note(`Fetching nats-server (${event.origin}): ${event.detail}`);
        break;
      case 'downloaded': {
        const { receivedBytes, totalBytes } = event;
        if (totalBytes === undefined || totalBytes === 0) break;
        const step = Math.floor((receivedBytes / totalBytes) * STEPS);
        if (step <= shownStep) break;
        shownStep = step;
        output.note(`  ${formatBytes(receivedBytes)} of ${formatBytes(totalBytes)}`);
        break;
      }
      case 'rejected':
        output.note(`  not by ${event.origin}: ${event.reason}`);
        break;
      case 'waiting':
        output.note(`${event.detail}; waiting for it`);
        break;
      case 'installed':
        output.note(`Installed nats-server ${event.server.version}`);
        break;
    }
  };
}
