/** Loaded before the program: at SIGUSR2 the connection of its node ends for good. */
import process from 'node:process';
import { NatsConnectionImpl } from '@nats-io/nats-core/internal';

const { closed } = NatsConnectionImpl.prototype;
NatsConnectionImpl.prototype.closed = function closedOrEnded() {
  if (this.options.name?.startsWith('hairspring node ')) process.once('SIGUSR2', () => void this.close());
  return closed.call(this);
};
