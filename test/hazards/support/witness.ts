/** What the world hears of a hazard beside its answers: nothing in it may speak for anybody else. */
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import {
  FEED_HEADERS,
  feedSubjects,
  HOST_LIMITS,
  isReservedHeader,
  isSafeHeader,
  REPLY_HEADERS,
} from '../../../src/core/index.ts';

export interface FeedWitness extends Disposable {
  /** Lines that functions of the namespace logged. */
  readonly lines: number;
  /** Each kind once. */
  readonly problems: ReadonlySet<string>;
}

const FEED_NAMES: ReadonlySet<string> = new Set([...Object.values(FEED_HEADERS), 'Hairspring-Function']);
const ID = /^[A-Za-z0-9_-]+$/;

/** Hears all that comes on the feeds of a namespace, from now on. */
export async function watchFeeds(nc: NatsConnection, namespace: string): Promise<FeedWitness> {
  const problems = new Set<string>();
  const witness = { lines: 0, problems };
  const logs = feedSubjects.logs(namespace, 'ID', 'stdout').split('ID')[0] ?? '';
  const subscription = nc.subscribe(`${logs}>`, {
    callback: (error, { subject, headers, data }) => {
      witness.lines += 1;
      const [id = '', stream = '', ...rest] = subject.slice(logs.length).split('.');
      if (error !== null || !ID.test(id) || !/^std(?:out|err)$/.test(stream) || rest.length > 0)
        problems.add(`a line of the feed came on ${JSON.stringify(subject)}`);
      if (data.length > HOST_LIMITS.logLineBytes) problems.add(`a line of the feed has ${data.length} bytes`);
      for (const name of oddHeaders(headers)) problems.add(`a line of the feed has the header ${name}`);
    },
  });
  await nc.flush();
  return Object.assign(witness, { [Symbol.dispose]: () => subscription.unsubscribe() });
}

function oddHeaders(headers: MsgHdrs | undefined): readonly string[] {
  return (headers?.keys() ?? []).filter((name) => !FEED_NAMES.has(name)).map((name) => JSON.stringify(name));
}

const HOST_NAMES: ReadonlySet<string> = new Set(Object.values(REPLY_HEADERS));

/** What a reply of a function of `namespace` says in its headers that it must not. */
export function forgedHeaders(headers: MsgHdrs | undefined, namespace: string): readonly string[] {
  const problems: string[] = [];
  for (const name of headers?.keys() ?? []) {
    const values = headers?.values(name) ?? [];
    if (HOST_NAMES.has(name) ? values.length > 1 : isReservedHeader(name) || !isPlain(name, values))
      problems.push(`its reply had the header ${JSON.stringify(name)}: ${JSON.stringify(values)}`);
  }
  const said = headers?.get(REPLY_HEADERS.namespace) ?? '';
  if (said !== '' && said !== namespace) problems.push(`its reply spoke for namespace ${said}`);
  return problems;
}

function isPlain(name: string, values: readonly string[]): boolean {
  return values.every((value) => isSafeHeader(name, value));
}
