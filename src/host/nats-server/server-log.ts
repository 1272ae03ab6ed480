import type { Logger } from '../../core/index.ts';

export interface ServerLogLine {
  readonly severity: string;
  readonly text: string;
}

/** A line that nats-server logs: `[pid] [INF] text`, with or without a time. */
export function parseServerLogLine(line: string): ServerLogLine | undefined {
  const match = /^\[\d+\] (?:\S+ \S+ )?\[([A-Z]{3})\] (.*)$/.exec(line);
  const [, severity, text] = match ?? [];
  return severity === undefined || text === undefined ? undefined : { severity, text };
}

/** The port of the line that tells where clients may connect. */
export function listeningPort(text: string): number | undefined {
  const port = /^Listening for client connections on \S*:(\d+)$/.exec(text)?.[1];
  return port === undefined ? undefined : Number(port);
}

/** Passes the server's line on; what it only informs of is debugging for us. */
export function passOn(logger: Logger, { severity, text }: ServerLogLine): void {
  const message = `nats-server: ${text}`;
  if (severity === 'ERR' || severity === 'FTL') logger.error(message);
  else if (severity === 'WRN') logger.warn(message);
  else logger.debug(message);
}
