import { HairspringError } from '../src/core/index.ts';
import { defaultCacheDir, type FetchProgress, findNatsServer } from '../src/host/nats-server/index.ts';

const MIB = 1024 ** 2;

/** Finds nats-server, or fetches it into the user's cache, and shows progress. False, with the reason shown, when it fails. */
export async function prepareNatsServer(): Promise<boolean> {
  try {
    const { version, path } = await findNatsServer({
      cacheDir: defaultCacheDir(process.env),
      pathVariable: process.env['PATH'] ?? '',
      report: createReport(),
    });
    console.log(`nats-server ${version} (${path})`);
    return true;
  } catch (error) {
    const { code, message, hint, info } = HairspringError.from(error);
    console.error(`${code}  ${message}\n${hint ?? info.remedy}`);
    return false;
  }
}

/** Prints each event as a line, and downloads at every tenth of the whole only. */
function createReport(): (event: FetchProgress) => void {
  let shownTenths = -1;
  return (event) => {
    switch (event.type) {
      case 'started':
        console.log(`nats-server: ${event.detail}`);
        return;
      case 'downloaded': {
        const { receivedBytes, totalBytes } = event;
        const tenths = Math.floor(
          totalBytes === undefined ? receivedBytes / MIB : (10 * receivedBytes) / totalBytes,
        );
        if (tenths === shownTenths) return;
        shownTenths = tenths;
        const whole = totalBytes === undefined ? '' : ` of ${(totalBytes / MIB).toFixed(1)}`;
        console.log(`nats-server: ${(receivedBytes / MIB).toFixed(1)}${whole} MiB`);
        return;
      }
      case 'rejected':
        console.log(`nats-server: not from ${event.origin}: ${event.reason}`);
        return;
      case 'waiting':
        console.log(`nats-server: ${event.detail}`);
        return;
      case 'installed':
        return;
    }
  };
}
