import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { hairspringSubjects, type MessagingBinding } from '../../../src/core/index.ts';
import { MESSAGING_OPERATIONS, type MessagingOperation } from '../../../src/hostservices/messaging/grant.ts';
import { listenTo, messagingBinding } from '../messaging.ts';
import type { Call, Cell, MatrixPart } from './matrix.ts';

const GRANTS = {
  'bus-publish': messagingBinding({ publish: ['out.>'] }),
  'bus-request': messagingBinding({ request: ['ask.>'] }),
  'bus-call': messagingBinding({ call: ['callee'] }),
} as const;
const SUBJECTS = ['out', 'ask', 'evil'] as const;
const FUNCTIONS = ['callee', 'neighbour'] as const;
const WIDE = messagingBinding({ publish: ['>'], request: ['>'], call: FUNCTIONS });

type Attempt = (call: Call, target: string) => Promise<unknown>;

async function openMany(call: Call, subject: string): Promise<number> {
  return Number((await call('requestMany', [subject, '0', '', 1])).value);
}

async function readMany(call: Call, subject: string): Promise<unknown> {
  return await call('next', [await openMany(call, subject)]);
}

interface Row {
  readonly needs: 'publish' | 'request' | 'call';
  readonly run: Attempt;
}

/** A new operation has to have a line here. */
const ATTEMPTS: Readonly<Record<MessagingOperation, Row>> = {
  publish: { needs: 'publish', run: (call, subject) => call('publish', [subject, '0'], 'x') },
  publishAcked: { needs: 'publish', run: (call, subject) => call('publishAcked', [subject, '0'], 'x') },
  request: { needs: 'request', run: (call, subject) => call('request', [subject, '0'], 'x') },
  requestMany: { needs: 'request', run: readMany },
  next: { needs: 'request', run: readMany },
  close: {
    needs: 'request',
    async run(call, subject) {
      const handle = await openMany(call, subject);
      await call('next', [handle]);
      await call('close', [handle]);
    },
  },
  call: { needs: 'call', run: (call, name) => call('call', [name, '0'], 'x') },
};

/** Subjects of what came to anybody. */
const heard: string[] = [];
let made = 0;

function sendingCell(
  all: NatsConnection,
  [user, binding]: readonly [string, MessagingBinding],
  op: Exclude<MessagingOperation, 'call'>,
  stem: (typeof SUBJECTS)[number],
): Cell {
  made += 1;
  const subject = `${stem}.${made}`;
  const { needs, run } = ATTEMPTS[op];
  const has = (kind: 'publish' | 'request'): boolean => binding[kind].includes(`${stem}.>`);
  const isGranted = (needs === 'publish' && has('publish')) || (needs === 'request' && has('request'));
  return {
    ...common(all, user, op, run, subject),
    target: `to ${stem}.>`,
    isGranted,
    // To NATS both are one right.
    ...(!isGranted && (has('publish') || has('request')) ? { nats: 'lets it through' as const } : {}),
    bridge: binding,
    isTouched: () => hears(all, subject),
  };
}

function callCell(
  all: NatsConnection,
  [user, binding]: readonly [string, MessagingBinding],
  name: (typeof FUNCTIONS)[number],
): Cell {
  return {
    ...common(all, user, 'call', ATTEMPTS.call.run, name),
    target: `function ${name}`,
    isGranted: binding.call.includes(name),
    bridge: binding,
    isTouched: () => hears(all, hairspringSubjects.invoke('default', name)),
  };
}

function common(all: NatsConnection, user: string, op: string, run: Attempt, target: string) {
  return {
    op,
    user,
    wide: WIDE,
    async seed() {
      await all.flush();
      heard.length = 0;
    },
    attempt: async (call: Call) => {
      const result = await run(call, target);
      return result;
    },
  };
}

async function hears(all: NatsConnection, subject: string): Promise<boolean> {
  await all.flush();
  return heard.includes(subject);
}

export const messagingMatrix: MatrixPart = {
  operations: Object.keys(MESSAGING_OPERATIONS),
  grants: GRANTS,
  textsOf: (binding) =>
    binding.service === 'messaging'
      ? [
          ...[...binding.publish, ...binding.request, ...binding.call].map((each) => `"${each}"`),
          'grants publish of nothing',
          'grants request of nothing',
          'grant calls of nothing',
        ]
      : [],
  async prepare(all) {
    const manager = await jetstreamManager(all);
    await manager.streams.add({ name: 'BUS', subjects: ['out.>', 'evil.>'] });
    for (const subject of ['out.>', 'evil.>'])
      await listenTo(all, subject, (message) => heard.push(message.subject));
    for (const subject of ['ask.>', ...FUNCTIONS.map((name) => hairspringSubjects.invoke('default', name))])
      await listenTo(all, subject, (message) => {
        heard.push(message.subject);
        message.respond('answer');
      });
  },
  cells: (all) =>
    Object.entries(GRANTS).flatMap((grant) => [
      ...(Object.keys(ATTEMPTS) as MessagingOperation[]).flatMap((op) =>
        op === 'call' ? [] : SUBJECTS.map((stem) => sendingCell(all, grant, op, stem)),
      ),
      ...FUNCTIONS.map((name) => callCell(all, grant, name)),
    ]),
};
