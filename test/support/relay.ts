/** A relay before a NATS server that writes down what its clients say, can hold back what the server says, and can be cut. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** One connection of a client. */
export interface RelayedConnection {
  /** What the client has sent so far. */
  sent(): string;
}

export interface NatsRelay extends AsyncDisposable {
  readonly url: string;
  /** The connections whose client has given this name. */
  named(name: string): readonly RelayedConnection[];
  /** How many clients are connected. */
  readonly open: number;
  /** Keeps what the server sends from the clients, those to come as well, until {@link release}. */
  hold(): void;
  release(): void;
  /** Ends all connections and refuses others until {@link admit}. */
  cut(): void;
  admit(): void;
}

/** Starts a relay on a free port. */
export async function startRelay(server: { readonly port: number }): Promise<NatsRelay> {
  const connections = new Set<{ readonly client: Socket; readonly upstream: Socket; said: string }>();
  let isCut = false;
  let isHeld = false;
  const relay = createServer((client) => {
    if (isCut) {
      client.destroy();
      return;
    }
    const upstream = connect(server.port, '127.0.0.1');
    const connection = { client, upstream, said: '' };
    connections.add(connection);
    client.on('data', (chunk: Buffer) => {
      connection.said += chunk.toString('latin1');
      upstream.write(chunk);
    });
    if (!isHeld) upstream.pipe(client);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const)
      one.on('error', () => undefined).on('close', () => other.destroy());
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const { port } = relay.address() as AddressInfo;
  return {
    url: `nats://127.0.0.1:${port}`,
    named: (name) =>
      [...connections]
        .filter(({ said }) => said.includes(`"name":${JSON.stringify(name)}`))
        .map((connection) => ({ sent: () => connection.said })),
    get open() {
      return [...connections].filter(({ client }) => !client.destroyed).length;
    },
    hold() {
      isHeld = true;
      for (const { client, upstream } of connections) upstream.unpipe(client);
    },
    release() {
      isHeld = false;
      for (const { client, upstream } of connections) upstream.pipe(client);
    },
    cut() {
      isCut = true;
      for (const { client } of connections) client.destroy();
    },
    admit() {
      isCut = false;
    },
    async [Symbol.asyncDispose]() {
      for (const { client } of connections) client.destroy();
      relay.close();
      await once(relay, 'close');
    },
  };
}
