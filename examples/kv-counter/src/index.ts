import { kebabCase } from 'change-case';
import type { Handler, KvBucket } from 'hairspring/guest';
import type { Env } from '../hairspring-env.d.ts';

export default {
  async message(msg, env) {
    const title = msg.text() || (msg.params.page ?? '');
    const page = kebabCase(title);
    return { page, views: await increment(env.COUNTERS, `pages.${page}`) };
  },
} satisfies Handler<Env>;

/** Adds one. Whoever loses a race against another increment reads again, so that none is lost. */
async function increment(counters: KvBucket, key: string): Promise<number> {
  for (;;) {
    const entry = await counters.get(key);
    const views = Number(entry?.text() ?? 0) + 1;
    try {
      if (entry === null) await counters.create(key, String(views));
      else await counters.update(key, String(views), entry.revision);
      return views;
    } catch (error) {
      if (!(error instanceof HostError && error.code === 'HS_KV_REVISION_CONFLICT')) throw error;
    }
  }
}
